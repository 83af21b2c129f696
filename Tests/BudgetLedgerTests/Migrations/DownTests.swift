import Testing
import TrustBudgetTesting

@testable import BudgetLedger

@Suite struct DownTests {
  @Test func `the down files undo all that the up files did, and can be done again`()
    async throws
  {
    let ofTheRunner = try await TestDatabase.withEmptyDatabase { database in
      _ = try await MigrationRunner(
        connectionString: database.connectionString, migrations: []
      ).up()
      return try await database.objects()
    }
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:alice")
      for migration in Migrations.embedded.reversed() {
        let down = try #require(migration.down)
        try await database.execute(down)
      }
      let left = try await database.objects()
      #expect(left == ofTheRunner)
      try await database.execute("DELETE FROM trust_budget.schema_migrations")
      let again = try await MigrationRunner(connectionString: database.connectionString).up()
      #expect(again == Migrations.embedded)
    }
  }
}

extension TestDatabase {
  /// All that the schema holds.
  fileprivate func objects() async throws -> [[String?]] {
    try await query(
      """
      SELECT 'relation', c.relname FROM pg_class AS c
      WHERE c.relnamespace = 'trust_budget'::regnamespace
      UNION ALL
      SELECT 'function', p.proname FROM pg_proc AS p
      WHERE p.pronamespace = 'trust_budget'::regnamespace
      UNION ALL
      SELECT 'type', t.typname FROM pg_type AS t
      WHERE t.typnamespace = 'trust_budget'::regnamespace
      ORDER BY 1, 2
      """)
  }
}
