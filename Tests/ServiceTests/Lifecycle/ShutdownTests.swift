import Foundation
import Testing
import TrustBudgetTesting

/// SIGTERM and SIGINT: a node answers what it holds, and leaves.
struct ShutdownTests {
  @Test(arguments: [SIGTERM, SIGINT])
  func `an idle node leaves at once`(signal: Int32) async throws {
    try await Service.with { service in
      #expect(try await service.node.authorize("dev-a").status == 200)
      let program = try service.node.program
      program.signal(signal)
      let end = try await program.end(within: .seconds(5))
      #expect(end.status == 0, "\(end.errors)")
    }
  }

  @Test func `a node under load answers what it holds, and every answer is true`() async throws {
    try await Service.with { service in
      let load = Load(points: 100_000)
      async let running = load.run(on: service.nodes)
      try await wait(for: "the load to be under way") { load.answered > 30 }
      let program = try service.node.program
      program.signal(SIGTERM)
      let end = try await program.end(within: .seconds(10))
      #expect(end.status == 0, "\(end.errors)")

      let allowed = try await running.filter { $0.reply?.status == 200 }
      let charges = try await service.database.entryCounts()["charge"]
      #expect(charges == allowed.count)
      let sessions = try await service.database.query(
        """
        SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'trust-budget node-1%'
        """)
      #expect(sessions == [])
    }
  }

  @Test(arguments: [true, false])
  func `a slow caller at one address keeps no other open`(isSlowAtSocket: Bool) async throws {
    try await Service.withGround { database, directory in
      let policy = try directory.write(SamplePolicy.text, to: Service.policyFile)
      let path = "/tmp/tb-\(UInt32.random(in: .min ... .max)).socket"
      defer { unlink(path) }
      try await RunningNode.with(
        on: database.connectionString, policy: policy, ["--unix-socket", path]
      ) { node in
        try await wait(for: "both addresses") { FileManager.default.fileExists(atPath: path) }
        let slow = try isSlowAtSocket ? Socket(path: path) : Socket(to: node)
        slow.send(
          """
          POST /v1/authorizations HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\
          content-length: 22\r\n\r\n
          """)
        // The node waits for the rest from now on.
        #expect(await slow.answer(through: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
        slow.send("{")
        node.program.signal(SIGTERM)
        try await wait(for: "the other address to close") {
          if isSlowAtSocket {
            return (try? Socket(to: node)) == nil
          }
          return (try? Socket(path: path)) == nil
        }
        #expect(node.program.isRunning)
        // And whoever is slow has still the time that is his.
        slow.send("\"username\": \"rich-a\"}")
        #expect(await slow.answer(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
        let end = try await node.program.end(within: .seconds(15))
        #expect(end.status == 0, "\(end.errors)")
      }
    }
  }

  @Test func `a node that waits for PostgreSQL leaves in seconds all the same`() async throws {
    try await Service.with { service in
      let node = try service.node
      #expect(try await node.authorize("rich-a").status == 200)
      // Somebody else's transaction holds the budget's row.
      try await service.database.withConnection { connection in
        try await connection.execute(
          "BEGIN; SELECT FROM trust_budget.budgets FOR UPDATE")
        async let reply = try? node.authorize("rich-a")
        try await wait(for: "the node to wait for the row") {
          try await service.database.count(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND datname = current_database()
            """) > 0
        }
        node.program.signal(SIGTERM)
        let end = try await node.program.end(within: .seconds(10))
        #expect(end.status == 0, "\(end.errors)")
        #expect(await reply?.status != 200)
        try await connection.execute("ROLLBACK")
      }
      #expect(try await service.database.entryCounts() == ["allocation": 1, "charge": 1])
    }
  }
}
