import Testing
import TrustBudgetTesting

/// A DBA who looks at the schema with psql finds what everything is for.
@Suite struct CommentTests {
  @Test func `every table, view, column and function has a comment`() async throws {
    try await TestDatabase.withLedger { database in
      let silent = try await database.query(
        """
        SELECT c.relname, a.attname
        FROM pg_class AS c
        LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'trust_budget'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p')
          AND (col_description(c.oid, a.attnum) IS NULL
               OR obj_description(c.oid, 'pg_class') IS NULL)
        UNION ALL
        SELECT p.proname, NULL FROM pg_proc AS p
        WHERE p.pronamespace = 'trust_budget'::regnamespace
          AND obj_description(p.oid, 'pg_proc') IS NULL
        UNION ALL
        SELECT n.nspname, NULL FROM pg_namespace AS n
        WHERE n.nspname = 'trust_budget' AND obj_description(n.oid, 'pg_namespace') IS NULL
        """)
      #expect(silent == [])
    }
  }
}
