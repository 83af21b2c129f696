import BudgetLedger
import Foundation
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

  @Test func `whoever holds the ledger's row keeps no token from being taken or revoked`()
    async throws
  {
    try await withNode { _, database, node in
      func statusOfFree(_ token: TokenSecret) async throws -> Int {
        try await node.post("/v1/authorizations", ["username": "free-a"], with: token).status
      }
      let old = try await database.token("old", roles: [.issuer])
      try await waitUntilKnown(old, on: node)
      try await database.withConnection { holder in
        try await holder.execute("BEGIN; LOCK TABLE trust_budget.ledger")
        let new = try await database.token("new", roles: [.issuer])
        _ = try await TokenStore(connectionString: database.connectionString).revoke(name: "old")
        try await wait(for: "the tokens to be read") { try await statusOfFree(new) == 200 }
        #expect(try await statusOfFree(old) == 401)
      }
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

  /// A policy with break-glass, and a token that may ask for it.
  private func withIssuer(
    _ body: (TestDatabase, _ policy: String, _ issuer: TokenSecret) async throws -> Void
  ) async throws {
    try await Service.withGround { database, directory in
      let policy = try directory.write(EmergencyPolicy.text, to: Service.policyFile)
      let issuer = try await database.token("issuer", roles: [.issuer])
      try await body(database, policy, issuer)
    }
  }

  @Test func `an emergency is answered beyond the grace, and by a node that was started meanwhile`()
    async throws
  {
    try await withIssuer { database, policy, issuer in
      let auditor = try await database.token("auditor", roles: [.auditor])
      let body: JSON = ["username": "dev-a", "reason": "the database is down"]
      try await PostgresProxy.with(database) { proxy in
        let more = ["--auth-grace", "1s"]
        func withNode(_ body: (RunningNode) async throws -> Void) async throws {
          try await RunningNode.with(
            on: proxy.connectionString, policy: policy, auth: "token", more, body: body)
        }
        var kept = ""
        try await withNode { node in
          try await waitUntilKnown(issuer, on: node)
          proxy.refuseConnections()
          try await wait(for: "the grace to end") {
            try await node.post(
              "/v1/authorizations", ["username": "free-a"], with: issuer
            ).problem == "ledger-unavailable"
          }
          #expect(try await node.post("/v1/break-glass", body, with: issuer).status == 200)
          #expect(
            try await node.post("/v1/break-glass", body, with: .random()).problem
              == "unauthenticated")
          kept = RunningNode.journal(of: node.name, policy: policy) + ".tokens"
        }
        let text = try String(contentsOfFile: kept, encoding: .utf8)
        #expect(!text.contains(issuer.text) && text.contains("issuer"))
        #expect(!text.contains("auditor"))
        let attributes = try FileManager.default.attributesOfItem(atPath: kept)
        #expect(attributes[.posixPermissions] as? Int == 0o600)

        try await withNode { node in
          #expect(try await node.post("/v1/break-glass", body, with: issuer).status == 200)
          for other in [auditor, .random()] {
            let reply = try await node.post("/v1/break-glass", body, with: other)
            #expect(reply.problem == "ledger-unavailable")
          }
          let free = try await node.post(
            "/v1/authorizations", ["username": "free-a"], with: issuer)
          #expect(free.problem == "ledger-unavailable")
          proxy.acceptConnections()
          try await waitUntilKnown(issuer, on: node)
          try await database.execute("UPDATE trust_budget.api_tokens SET revoked_at = now()")
          try await wait(for: "the token to be revoked") {
            try await node.post("/v1/break-glass", body, with: issuer).problem
              == "unauthenticated"
          }
          // Nor the next time.
          try await wait(for: "the token to be forgotten") {
            try !String(contentsOfFile: kept, encoding: .utf8).contains("issuer")
          }
        }
      }
    }
  }

  @Test(arguments: AuditFileFound.allCases)
  func `tokens of the audit file's ledger are good for an emergency, whatever its address is now`(
    found: AuditFileFound
  ) async throws {
    try await withIssuer { database, policy, issuer in
      func withNode(
        on address: String, audit: String, _ body: (RunningNode) async throws -> Void
      ) async throws {
        try await RunningNode.with(
          on: address, policy: policy, auth: "token", ["--audit-file", audit], body: body)
      }
      let audit = policy + ".audit.db"
      func mirror(_ database: TestDatabase) async throws {
        try await withNode(on: database.connectionString, audit: audit) { node in
          try await wait(for: "the audit file to follow") {
            try await node.get("/readyz").json["audit_mirror"]["state"] == "following"
          }
        }
      }
      switch found {
      case .ofTheLedger: try await mirror(database)
      case .ofAnother:
        try await TestDatabase.withLedger { other in
          // Test databases are copies of one ledger.
          try await other.execute(
            "UPDATE trust_budget.ledger SET id = gen_random_uuid(), written_by = pg_current_xact_id()"
          )
          try await mirror(other)
        }
      case .none: break
      }
      try await withNode(on: database.connectionString, audit: policy + ".other.db") {
        try await waitUntilKnown(issuer, on: $0)
      }
      try await PostgresProxy.with(database) { proxy in
        proxy.refuseConnections()
        try await withNode(on: proxy.connectionString, audit: audit) { node in
          try await wait(for: "the audit file to have been looked at") {
            node.program.errors.contains("the audit mirror waits")
          }
          let body: JSON = ["username": "dev-a", "reason": "the database is down"]
          let reply = try await node.post("/v1/break-glass", body, with: issuer)
          if found == .ofTheLedger {
            #expect(reply.status == 200)
          } else {
            #expect(reply.problem == "ledger-unavailable")
            let detail = reply.json["detail"].text ?? ""
            #expect(detail.contains("its log says why"), "\(detail)")
            try await node.program.hasSaid("kept at another address of PostgreSQL")
          }
          let stranger = try await node.post("/v1/break-glass", body, with: .random())
          #expect(stranger.problem == "ledger-unavailable")
        }
      }
    }
  }

  enum AuditFileFound: CaseIterable {
    case ofTheLedger, ofAnother, none
  }

  @Test
  func `of a damaged file the log speaks once, however many ask, and a whole one is read again`()
    async throws
  {
    try await withIssuer { database, policy, issuer in
      let kept = URL(filePath: RunningNode.journal(of: "node-1", policy: policy) + ".tokens")
      try await PostgresProxy.with(database) { proxy in
        func withNode(_ body: (RunningNode) async throws -> Void) async throws {
          try await RunningNode.with(
            on: proxy.connectionString, policy: policy, auth: "token", body: body)
        }
        try await withNode { try await waitUntilKnown(issuer, on: $0) }
        let whole = try Data(contentsOf: kept)
        proxy.refuseConnections()
        try Data("damage".utf8).write(to: kept)
        try await withNode { node in
          let body: JSON = ["username": "dev-a", "reason": "the database is down"]
          func complaints() -> Int {
            node.program.errors.matches(of: /tokens for emergencies cannot be read/).count
          }
          for _ in 1...20 {
            let reply = try await node.post("/v1/break-glass", body, with: .random())
            #expect(reply.problem == "ledger-unavailable")
          }
          // The log is written by and by.
          try await wait(for: "the log to speak") { complaints() == 1 }
          // As an earlier version wrote it.
          let earlier = String(decoding: whole, as: UTF8.self).replacing(
            #/ *"ledger" : "[^"]*",\n/#, with: "")
          #expect(earlier.utf8.count < whole.count)
          try Data(earlier.utf8).write(to: kept)
          #expect(try await node.post("/v1/break-glass", body, with: issuer).status == 200)
          try Data("damaged again".utf8).write(to: kept)
          #expect(
            try await node.post("/v1/break-glass", body, with: issuer).problem
              == "ledger-unavailable")
          try await wait(for: "the log to speak again") { complaints() == 2 }
        }
      }
    }
  }

  @Test(.enabled(if: FileLease.isPossible, "the file system has no leases"))
  func `a disk that hangs keeps no tokens, and no node from knowing them`() async throws {
    try await withIssuer { database, policy, issuer in
      try await RunningNode.with(
        on: database.connectionString, policy: policy, auth: "token"
      ) { node in
        try await waitUntilKnown(issuer, on: node)
        let lock = RunningNode.journal(of: "node-1", policy: policy) + ".lock"
        let lease = try #require(FileLease(replacing: lock))
        defer { lease.end() }
        let reply = try await node.post(
          "/v1/break-glass", ["username": "dev-a", "reason": "the disk hangs"], with: issuer)
        #expect(reply.json["recorded"] == "postgresql")
        try await waitUntilKnown(
          try await database.token("later", roles: [.issuer]), on: node)
        try await wait(for: "the log to say so") {
          node.program.errors.contains("tokens for emergencies cannot be kept")
        }
      }
    }
  }

  @Test(.enabled(if: FileLease.isPossible, "the file system has no leases"))
  func `a disk that hangs under what is kept for emergencies holds up no other caller`()
    async throws
  {
    try await withIssuer { database, policy, issuer in
      let kept = RunningNode.journal(of: "node-1", policy: policy) + ".tokens"
      try await PostgresProxy.with(database) { proxy in
        func withNode(_ body: (RunningNode) async throws -> Void) async throws {
          try await RunningNode.with(
            on: proxy.connectionString, policy: policy, auth: "token", body: body)
        }
        try await withNode { try await waitUntilKnown(issuer, on: $0) }
        let whole = try Data(contentsOf: URL(filePath: kept))
        proxy.refuseConnections()
        try await withNode { node in
          let body: JSON = ["username": "dev-a", "reason": "the database is down"]
          do {
            let lease = try #require(FileLease(replacing: kept))
            defer { lease.end() }
            async let hung = node.post("/v1/break-glass", body, with: issuer)
            try await wait(for: "the node to look at \(kept)") { lease.isAwaited }
            // By so many connections that each thread of the node has some.
            let others = try await concurrently(16) { _ in try? await node.get("/healthz").status }
            #expect(others == Array(repeating: 200, count: 16))
            let reply = try await hung
            #expect(reply.problem == "ledger-unavailable")
            try await node.program.hasSaid("does not answer")
          }
          try whole.write(to: URL(filePath: kept))
          try await wait(for: "the tokens to be read") {
            try await node.post("/v1/break-glass", body, with: issuer).status == 200
          }
        }
      }
    }
  }

  @Test func `what is kept for emergencies follows the tokens, the policy and the file`()
    async throws
  {
    try await Service.withGround { database, directory in
      let policy = try directory.write(SamplePolicy.text, to: Service.policyFile)
      _ = try await database.token("issuer", roles: [.issuer])
      let journal = directory.file("new/journal.db")
      let kept = journal + ".tokens"
      try await RunningNode.with(
        on: database.connectionString, policy: policy, auth: "token",
        ["--break-glass-journal", journal]
      ) { node in
        func waitUntil(_ isKept: Bool) async throws {
          try await wait(for: "tokens to be \(isKept ? "kept" : "forgotten")") {
            (try? String(contentsOfFile: kept, encoding: .utf8).contains("issuer")) ?? false
              == isKept
          }
        }
        // Nothing is kept, until there may be an emergency.
        try directory.write(EmergencyPolicy.text, to: Service.policyFile)
        try await waitUntil(true)
        unlink(kept)
        try await waitUntil(true)
        try Data("damage".utf8).write(to: URL(filePath: kept))
        try await waitUntil(true)
        try directory.write(SamplePolicy.text, to: Service.policyFile)
        try await waitUntil(false)
        #expect(!FileManager.default.fileExists(atPath: kept))
        // Nor do old ones stay where new ones cannot be written.
        try directory.write(EmergencyPolicy.text, to: Service.policyFile)
        try await waitUntil(true)
        try FileManager.default.createDirectory(
          atPath: kept + ".new", withIntermediateDirectories: false)
        try await database.execute("UPDATE trust_budget.api_tokens SET revoked_at = now()")
        _ = try await database.token("other", roles: [.issuer])
        try await waitUntil(false)
        try await wait(for: "the log to say so") {
          node.program.errors.contains("tokens for emergencies cannot be kept")
        }
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
    try await Service.withGround { database, directory in
      let policy = try directory.write(SamplePolicy.text, to: Service.policyFile)
      try await PostgresProxy.with(database) { proxy in
        if isAway { proxy.refuseConnections() }
        try await RunningNode.with(
          on: proxy.connectionString, policy: policy, auth: "token", more
        ) { node in
          try await body(proxy, database, node)
        }
      }
    }
  }
}
