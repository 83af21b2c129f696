import Testing
import TrustBudgetTesting

/// Callers that hang up before they have an answer.
struct HangUpTests {
  @Test func `who goes in the middle of a request is no failure of the node`() async throws {
    try await Service.with { service in
      let node = try service.node
      let before = try await Metrics(of: node)["trust_budget_connections"] ?? 0
      for resets in [true, false] {
        let socket = try Socket(to: node)
        socket.send(
          "POST /v1/charges HTTP/1.1\r\nhost: node\r\ncontent-length: 99\r\nexpect: 100-continue\r\n\r\n"
        )
        // The route reads the body by then.
        #expect(await socket.answer(through: "\r\n\r\n").contains(" 100 "))
        socket.send("{")
        if resets { socket.abort() } else { socket.finish() }
      }
      try await wait(for: "the connections to be gone") {
        try await Metrics(of: node)["trust_budget_connections"] ?? 0 <= before
      }
      let metrics = try await Metrics(of: node)
      #expect(metrics["trust_budget_problems_total{problem=\"internal-error\"}"] ?? 0 == 0)
    }
  }

  @Test(arguments: ["/v1/authorizations", "/v1/charges/batch"])
  func `a caller that hangs up while its request waits is not charged`(path: String) async throws {
    try await Service.with { service in
      let node = try service.node
      #expect(try await node.authorize("dev-held", ["request_id": "first"]).status == 200)
      try await service.database.withConnection { connection in
        try await connection.execute("BEGIN; SELECT FROM trust_budget.budgets FOR UPDATE")
        let socket = try Socket(to: node)
        let charge = #""request_id":"gone","username":"dev-held""#
        let body =
          path.hasSuffix("batch")
          ? #"{"charges":[{\#(charge),"budget_id":"user:dev-held","initial_balance":3,"#
            + #""reset_interval_hours":24}]}"#
          : "{\(charge)}"
        socket.send(
          "POST \(path) HTTP/1.1\r\nhost: node\r\ncontent-type: application/json\r\n"
            + "content-length: \(body.utf8.count)\r\n\r\n\(body)")
        // It waits for the row for a moment, and then aside.
        try await wait(for: "the node to wait for the row") {
          let isWaiting =
            try await service.database.count(
              """
              SELECT count(*) FROM pg_stat_activity
              WHERE wait_event_type = 'Lock' AND datname = current_database()
              """) > 0
          let metrics = try await Metrics(of: node)
          return isWaiting || metrics["trust_budget_batch_retries_total"] ?? 0 > 0
        }
        // Its side only, so that what it would have been told can be read.
        socket.finish()
        let answer = await socket.answer()
        #expect(answer?.contains("by who closed the connection") == true, "\(answer ?? "none")")
        try await connection.execute("ROLLBACK")
      }
      // The budget is free, and those who waited for it have had their turn.
      #expect(try await node.authorize("dev-held", ["request_id": "last"]).status == 200)
      #expect(try await node.get("/v1/charges/gone").status == 404)
      let metrics = try await Metrics(of: node)
      #expect(metrics["trust_budget_problems_total{problem=\"ledger-unavailable\"}"] == 1)
    }
  }
}
