import Testing
import TrustBudgetTesting

/// PostgreSQL out of reach: what costs points is refused, what doesn't goes on, and all is well when it
/// is back.
struct OutageTests {
  @Test func `an outage stops what costs points, and nothing else, until it is over`() async throws
  {
    try await withProxiedNode { proxy, database, policy in
      try await RunningNode.with(on: proxy.connectionString, policy: policy) { node in
        let node = node
        #expect(try await node.authorize("dev-a", ["request_id": "before"]).status == 200)

        proxy.refuseConnections()
        try await expectRefusal(of: node, "dev-a", id: "during")
        try await expectRefusal(of: node, "dev-a", id: "dry-run", dryRun: true)
        let free = try await node.authorize("free-a")
        #expect(free.status == 200)
        #expect(free.json["decision"] == "allowed")
        #expect(try await node.get("/healthz").status == 200)
        let ready = try await node.get("/readyz")
        #expect(ready.status == 503)
        #expect(ready.json["database"]["status"] == "unavailable")
        for path in ["/v1/budgets", "/v1/budgets/user:dev-a", "/v1/charges/before"] {
          let reply = try await node.get(path)
          #expect(reply.problem == "ledger-unavailable")
          #expect(reply.retryAfter != nil)
          #expect(reply.isUnasked(saying: ""), "\(reply.json)")
        }
        try await expectRefusalsWithID(of: node)

        proxy.acceptConnections()
        let after = try await wait(for: "the ledger to be back") {
          let reply = try await node.authorize("dev-a", ["request_id": "during"])
          return reply.status == 200 ? reply : nil
        }
        #expect(after.json["trust_budget"]["remaining"] == 1)
        #expect(try await node.get("/readyz").status == 200)
        #expect(
          try await node.authorize("dev-a", ["request_id": "before"]).json["replayed"] == true)
      }
    }
  }

  @Test func `a node starts while PostgreSQL is away`() async throws {
    try await withProxiedNode { proxy, database, policy in
      proxy.refuseConnections()
      try await RunningNode.with(on: proxy.connectionString, policy: policy) { node in
        let node = node
        #expect(node.program.errors.contains("starting without the ledger"))
        try await expectRefusal(of: node, "dev-b", id: "too-early")
        #expect(try await node.authorize("free-b").status == 200)

        proxy.acceptConnections()
        try await wait(for: "the ledger to be there") {
          try await node.authorize("dev-b").status == 200
        }
      }
    }
  }

  @Test func `no password is in the log or in an answer`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let policy = try directory.write(SamplePolicy.text, to: Service.policyFile)
      try await RunningNode.with(
        on: "postgresql://user:s3cret@127.0.0.1:1/x", policy: policy, ["--log-level", "trace"]
      ) { node in
        let replies = [
          try await node.get("/readyz"), try await node.get("/v1/budgets"),
          try await node.authorize("dev-a"),
        ]
        #expect(replies.allSatisfy { $0.status == 503 })
        #expect(!replies.contains { String(decoding: $0.body, as: UTF8.self).contains("s3cret") })
        #expect(!node.program.errors.contains("s3cret"))
      }
    }
  }

  @Test func `answers lost with the connection at COMMIT are found again`() async throws {
    try await withProxiedNode { proxy, database, policy in
      try await RunningNode.with(on: proxy.connectionString, policy: policy) { node in
        #expect(try await node.authorize("rich-a").status == 200)
        proxy.inject(.cutBeforeCommit, .cutAfterCommit)
        for id in ["cut-1", "cut-2"] {
          let reply = try await node.authorize("rich-a", ["request_id": .text(id)])
          #expect(reply.status == 200)
        }
        #expect(try await database.entryCounts() == ["allocation": 1, "charge": 3])
      }
    }
  }

  private func expectRefusal(
    of node: RunningNode, _ username: String, id: JSON, dryRun: JSON = false
  ) async throws {
    let start = ContinuousClock.now
    let reply = try await node.authorize(username, ["request_id": id, "dry_run": dryRun])
    // Five, and ten for a machine that is busy: without bounds it would be for ever.
    #expect(ContinuousClock.now - start < .seconds(15))
    #expect(reply.status == 503)
    #expect(reply.problem == "ledger-unavailable")
    #expect(reply.retryAfter != nil)
    #expect(reply.json["request_id"] == id)
    #expect(
      reply.isUnasked(saying: ", so nothing was charged and nothing may be signed"),
      "\(reply.json)")
  }

  /// Who is to ask again with the same id is told which, having sent one or not.
  private func expectRefusalsWithID(of node: RunningNode) async throws {
    let reset: JSON = ["reason": "x"]
    let adjustment: JSON = ["reason": "x", "points": 5]
    let certificate: JSON = ["serial": 1, "key_id": "a", "fingerprint": "SHA256:x"]
    for (path, body, id) in [
      ("/v1/budgets/user:dev-a/resets", reset, nil),
      ("/v1/budgets/user:dev-a/adjustments", adjustment, nil),
      ("/v1/charges/before/settlement", certificate, "before"),
      ("/v1/charges/before/refund", [:], "before"),
    ] as [(String, JSON, String?)] {
      let reply = try await node.post(path, body)
      #expect(reply.problem == "ledger-unavailable")
      #expect(reply.json["request_id"].text?.isEmpty == false, "\(path)")
      // Of a charge that is settled, the certificate is there.
      #expect(reply.isUnasked(saying: ", so nothing was changed"), "\(reply.json)")
      if let id { #expect(reply.json["request_id"] == .text(id), "\(path)") }
    }
  }

  private func withProxiedNode(
    _ body: (PostgresProxy, TestDatabase, _ policy: String) async throws -> Void
  ) async throws {
    try await Service.withGround { database, directory in
      let policy = try directory.write(SamplePolicy.text, to: Service.policyFile)
      try await PostgresProxy.with(database) { try await body($0, database, policy) }
      try await database.expectSoundLedger()
    }
  }
}

extension Reply {
  /// - Parameter consequence: what that means for the request.
  fileprivate func isUnasked(saying consequence: String) -> Bool {
    json["detail"].text?.hasPrefix("The ledger cannot be asked\(consequence). Try again. (") == true
  }
}
