import Testing
import TrustBudget
import TrustBudgetTesting

/// PostgreSQL out of reach: who is known goes on being known, for a while.
struct TokenOutageTests {
  @Test func `known callers go on with what needs no budget`() async throws {
    try await withNode { proxy, database, node in
      let issuer = try await database.token("issuer", roles: [.issuer])
      try await waitUntilKnown(issuer, on: node)
      proxy.refuseConnections()
      // Beyond the next reading of the tokens.
      try await wait(for: "the node to notice") {
        node.program.errors.contains("tokens not read")
      }
      for _ in 0..<3 {
        let free = try await node.post("/v1/authorizations", ["username": "free-a"], with: issuer)
        #expect(free.status == 200)
      }
      let charge = try await node.post("/v1/authorizations", ["username": "dev-a"], with: issuer)
      #expect(charge.problem == "ledger-unavailable")
      let policy = try await node.get("/v1/policy", with: issuer)
      #expect(policy.problem == "forbidden")
      let stranger = try await node.get("/v1/policy", with: .random())
      #expect(stranger.problem == "unauthenticated")
    }
  }

  @Test func `known callers are known for no longer than the grace`() async throws {
    try await withNode("--auth-grace", "3s") { proxy, database, node in
      let issuer = try await database.token("issuer", roles: [.issuer])
      try await waitUntilKnown(issuer, on: node)
      proxy.refuseConnections()
      let late = try await wait(for: "the grace to end") {
        let reply = try await node.post(
          "/v1/authorizations", ["username": "free-a"], with: issuer)
        return reply.status == 200 ? nil : reply
      }
      #expect(late.problem == "ledger-unavailable")
      #expect(late.retryAfter != nil)
      proxy.acceptConnections()
      try await waitUntilKnown(issuer, on: node)
    }
  }

  @Test func `a node that never reached PostgreSQL knows nobody, and says so`() async throws {
    try await withNode(isAway: true) { proxy, database, node in
      let admin = try await database.token("admin", roles: [.admin])
      let early = try await node.get("/v1/policy", with: admin)
      #expect(early.status == 503)
      #expect(early.problem == "ledger-unavailable")
      #expect(early.json["detail"].text?.contains("knows no callers") == true)
      #expect(try await node.get("/v1/policy").problem == "unauthenticated")
      #expect(try await node.get("/healthz").status == 200)
      proxy.acceptConnections()
      try await wait(for: "the tokens to be known") {
        try await node.get("/v1/policy", with: admin).status == 200
      }
    }
  }

  private func waitUntilKnown(_ secret: TokenSecret, on node: RunningNode) async throws {
    try await wait(for: "the token to be known") {
      try await node.post("/v1/authorizations", ["username": "free-a"], with: secret).status == 200
    }
  }

  private func withNode(
    _ more: String..., isAway: Bool = false,
    body: (PostgresProxy, TestDatabase, RunningNode) async throws -> Void
  ) async throws {
    try await Gate.services.pass {
      try await TestDatabase.withLedger { database in
        try await Undertaker.shared.withDirectory { directory in
          let policy = try directory.write(SamplePolicy.text, to: Service.policyFile)
          try await PostgresProxy.with(database) { proxy in
            if isAway { proxy.refuseConnections() }
            let node = try await RunningNode.start(
              on: proxy.connectionString, policy: policy, auth: "token", more)
            do {
              try await body(proxy, database, node)
              await node.program.kill()
            } catch {
              await node.program.kill()
              throw error
            }
          }
        }
      }
    }
  }
}
