import Foundation
import Testing
import TrustBudgetTesting

/// Break-glass on the worst day: PostgreSQL gone, the disk gone, the node killed.
struct EmergencyOutageTests {
  @Test func `PostgreSQL away: answered, listed from the journal, and there once afterwards`()
    async throws
  {
    try await withProxy { proxy, database, policy in
      proxy.refuseConnections()
      try await RunningNode.with(on: proxy.connectionString, policy: policy) { node in
        let reply = try await node.breakGlass("dev-a", ["request_id": "away"])
        #expect(reply.status == 200)
        #expect(reply.json["recorded"] == "journal")
        #expect(try await node.authorize("dev-a").problem == "ledger-unavailable")
        let list = try await node.get("/v1/break-glass").json
        #expect(list["source"] == "journal")
        #expect(list["notice"].text?.contains("this node's journal alone") == true)
        #expect(list["events"].list.map { $0["request_id"] } == ["away"])
        let ready = try await node.get("/readyz").json["break_glass"]
        #expect(ready["unforwarded"] == 1)
        #expect(ready["events_last_24_hours"] == 1)

        proxy.acceptConnections()
        try await wait(for: "the event to reach PostgreSQL") {
          try await database.emergencies() == ["away"]
        }
        try await wait(for: "the node to know") {
          try await node.get("/readyz").json["break_glass"]["unforwarded"] == 0
        }
        #expect(try await node.get("/v1/break-glass").json["source"] == "postgresql")
      }
    }
  }

  @Test func `a node killed with its events not yet in PostgreSQL brings each there once`()
    async throws
  {
    let isLong = ProcessInfo.processInfo.environment["TRUST_BUDGET_LONG_TESTS"] == "1"
    try await withProxy { proxy, database, policy in
      var expected: Set<String> = []
      for round in 1...(isLong ? 100 : 4) {
        if round.isMultiple(of: 2) { proxy.refuseConnections() } else { proxy.acceptConnections() }
        if round.isMultiple(of: 3) { proxy.inject(.cutAfterCommit) }
        let node = try await RunningNode.start(on: proxy.connectionString, policy: policy)
        let ids = (1...5).map { "round-\(round)-\($0)" }
        let replies = try await concurrently(5) { number in
          try await node.breakGlass("dev-a", ["request_id": .text(ids[number])])
        }
        #expect(replies.allSatisfy { $0.status == 200 })
        expected.formUnion(ids)
        // Now, and not when all is quiet.
        if round.isMultiple(of: 5) { proxy.acceptConnections() }
        await node.program.kill()
      }
      proxy.acceptConnections()
      try await RunningNode.with(on: proxy.connectionString, policy: policy) { node in
        try await wait(for: "every event to be there") {
          try await database.emergencies() == expected.sorted()
        }
        // Whoever is alarmed by the metrics learns of what was granted before they were asked for.
        let newest = try #require(
          try await database.query(
            "SELECT extract(epoch FROM max(occurred_at))::text FROM trust_budget.break_glass_events"
          ).first?.first.flatMap { $0 }.flatMap(Double.init))
        let metrics = try await Metrics(of: node)
        let told = metrics["trust_budget_break_glass_last_event_timestamp_seconds"]
        #expect(abs((told ?? 0) - newest) < 0.001)
        #expect(metrics["trust_budget_break_glass_events_total"] == 0)
        #expect(
          try await database.count(
            "SELECT count(DISTINCT journal_id) FROM trust_budget.break_glass_events") == 1)
      }
    }
  }

  @Test func `neither journal nor PostgreSQL: refused, because it would be unrecorded`()
    async throws
  {
    try await withProxy { proxy, database, policy in
      let more = ["--break-glass-journal", "/dev/null/journal.db"]
      try await RunningNode.with(on: proxy.connectionString, policy: policy, more) { node in
        #expect(try await node.breakGlass("dev-a").json["recorded"] == "postgresql")
        #expect(
          try await node.get("/readyz").json["break_glass"]["state"] == "postgresql only")
        try await wait(for: "the metrics to say so") {
          try await Metrics(of: node)["trust_budget_break_glass_journal_up"] == 0
        }
        proxy.refuseConnections()
        let reply = try await node.breakGlass("dev-a", ["request_id": "refused"])
        #expect(reply.status == 503)
        #expect(reply.problem == "break-glass-unrecorded")
        #expect(reply.retryAfter != nil)
        #expect(reply.json["request_id"] == "refused")
        #expect(
          reply.json["detail"].text?.contains("the one thing that must not exist") == true)
        #expect(try await node.get("/v1/break-glass").problem == "ledger-unavailable")
        #expect(try await database.emergencies().count == 1)
      }
    }
  }

  @Test(.enabled(if: FileLease.isPossible, "the file system has no leases"))
  func `a disk that hangs: answered, listed and said, and the node ends all the same`()
    async throws
  {
    try await withProxy { proxy, database, policy in
      try await RunningNode.with(on: proxy.connectionString, policy: policy) { node in
        let lock = RunningNode.journal(of: node.name, policy: policy) + ".lock"
        let lease = try #require(FileLease(replacing: lock))
        defer { lease.end() }
        for id: JSON in ["first", "second"] {
          let reply = try await node.breakGlass("dev-a", ["request_id": id])
          #expect(reply.json["recorded"] == "postgresql")
        }
        #expect(try await database.emergencies() == ["first", "second"])
        let list = try await node.get("/v1/break-glass").json
        #expect(list["events"].list.count == 2)
        #expect(list["notice"].text?.contains("does not answer") == true)
        let ready = try await node.get("/readyz")
        #expect(ready.status == 200)
        #expect(ready.json["break_glass"]["state"] == "postgresql only")
        let problem = ready.json["break_glass"]["journal"]["problem"].text
        #expect(problem?.contains("does not answer") == true, "\(problem ?? "")")
        try await wait(for: "the metrics to say so") {
          try await Metrics(of: node)["trust_budget_break_glass_journal_up"] == 0
        }
        node.program.signal(SIGTERM)
        #expect(try await node.program.end().status == 0)
      }
    }
  }

  @Test func `what was recorded at the last moment is there when the node has ended`() async throws
  {
    try await withProxy { proxy, database, policy in
      let node = try await RunningNode.start(on: proxy.connectionString, policy: policy)
      #expect(try await node.breakGlass("dev-a", ["request_id": "last"]).status == 200)
      node.program.signal(SIGTERM)
      let end = try await node.program.end()
      await node.program.kill()
      #expect(end.status == 0)
      #expect(try await database.emergencies() == ["last"])
    }
  }

  private func withProxy(
    _ body: (PostgresProxy, TestDatabase, _ policy: String) async throws -> Void
  ) async throws {
    try await Service.withGround { database, directory in
      let policy = try directory.write(EmergencyPolicy.text, to: Service.policyFile)
      try await PostgresProxy.with(database) { try await body($0, database, policy) }
    }
  }
}

extension TestDatabase {
  /// The request ids in `break_glass_events`, whose chains must verify.
  func emergencies() async throws -> [String] {
    let faults = try await query("SELECT * FROM trust_budget.verify_all_break_glass()")
    guard faults.isEmpty else { throw TestFailure("\(faults)") }
    return try await query("SELECT request_id FROM trust_budget.break_glass_events")
      .map { $0[0] ?? "" }.sorted()
  }
}
