import Testing
import TrustBudget
import TrustBudgetTesting

/// The schema explains itself.
@Suite struct CommentTests {
  @Test func `every table, view, column and function has a comment`() async throws {
    try await TestDatabase.withLedger { database in
      let silent = try await database.query(
        """
        SELECT c.relname || coalesce('.' || a.attname, '')
        FROM pg_class AS c
        LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'trust_budget'::regnamespace AND c.relkind IN ('r', 'p', 'v')
          AND (obj_description(c.oid, 'pg_class') IS NULL
               OR a.attnum IS NOT NULL AND col_description(c.oid, a.attnum) IS NULL)
        UNION ALL
        SELECT p.proname FROM pg_proc AS p
        WHERE p.pronamespace = 'trust_budget'::regnamespace
          AND obj_description(p.oid, 'pg_proc') IS NULL
        UNION ALL
        SELECT 'schema' WHERE obj_description('trust_budget'::regnamespace, 'pg_namespace') IS NULL
        """)
      #expect(silent == [])
    }
  }

  @Test func `no function can be led astray by a search_path`() async throws {
    try await TestDatabase.withLedger { database in
      let open = try await database.query(
        """
        SELECT proname FROM pg_proc WHERE pronamespace = 'trust_budget'::regnamespace
          AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)
        """)
      #expect(open == [])
      // The functions that run in views and triggers are found where they should be.
      try await database.execute(
        """
        CREATE SCHEMA hostile;
        CREATE FUNCTION hostile.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT NULL::timestamptz $$;
        CREATE FUNCTION hostile.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT ''::bytea $$;
        INSERT INTO trust_budget.budgets (budget_id, initial_balance) VALUES ('user:alice', 1);
        """)
      let seen = try await database.withConnection { connection in
        try await connection.execute("SET search_path = hostile, pg_catalog")
        return try await connection.query(
          """
          SELECT octet_length(trust_budget.entry_hash(entry, '\\x00', gen_random_uuid()))
          FROM json_populate_record(NULL::trust_budget.audit_entries, '{"occurred_at": "2026-01-02"}') AS entry
          """)
      }
      #expect(seen == [["32"]])
    }
  }
}
