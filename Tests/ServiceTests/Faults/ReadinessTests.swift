import BudgetLedger
import Testing
import TrustBudgetTesting

/// Anybody may ask whether a node is ready, and nobody else waits for that.
struct ReadinessTests {
  @Test func `however many ask whether a node is ready, connections are left for who refunds`()
    async throws
  {
    try await Service.with { service in
      let node = try service.node
      #expect(try await node.authorize("dev-a", ["request_id": "a"]).status == 200)
      try await service.database.withConnection { holder in
        // No check comes to its end, and each keeps a connection until it gives up.
        try await holder.execute("BEGIN; LOCK TABLE trust_budget.schema_migrations")
        let askers = try (0..<60).map { _ in try Socket(to: node) }
        for asker in askers { asker.send("GET /readyz HTTP/1.1\r\nhost: node\r\n\r\n") }
        try await wait(for: "the node to look") {
          try await service.database.count(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND datname = current_database()
            """) > 0
        }
        let reply = try await node.post("/v1/charges/a/refund", [:])
        #expect(reply.status == 200, "\(reply.json)")
        let readers = try await service.database.count(
          """
          SELECT count(*) FROM pg_stat_activity
          WHERE application_name LIKE '% reader' AND datname = current_database()
          """)
        #expect(readers < LedgerSettings(node: "node-1").readers)
        try await holder.execute("ROLLBACK")
        for asker in askers {
          asker.finish()
          #expect(await asker.answer()?.contains(#""node":"node-1""#) == true)
        }
      }
      try await wait(for: "the node to be ready") { try await node.get("/readyz").status == 200 }
    }
  }

  @Test
  func
    `a node whose sessions lose what it prepared in them is not ready, until a charge gets through`()
    async throws
  {
    try await Service.with { service in
      let node = try service.node
      // As behind a pooler that lends each transaction another session.
      try await service.database.execute(
        """
        CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          RAISE EXCEPTION 'prepared statement "commit" does not exist'
            USING ERRCODE = 'invalid_sql_statement_name';
        END $$;
        CREATE TRIGGER forget BEFORE INSERT ON trust_budget.audit_entries
          FOR EACH STATEMENT EXECUTE FUNCTION forget()
        """)
      let refused = try await node.authorize("dev-a", ["request_id": "a"])
      #expect(refused.status == 503, "\(refused.json)")
      let ready = try await node.get("/readyz")
      #expect(ready.status == 503)
      #expect("\(ready.json)".contains("pool_mode = session"), "\(ready.json)")
      try await service.database.execute("DROP TRIGGER forget ON trust_budget.audit_entries")
      #expect(try await node.authorize("dev-a", ["request_id": "a"]).status == 200)
      try await wait(for: "the node to be ready") { try await node.get("/readyz").status == 200 }
    }
  }
}
