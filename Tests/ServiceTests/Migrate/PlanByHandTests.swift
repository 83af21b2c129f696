import Testing
import TrustBudgetTesting

/// `migrate plan | psql`, as a DBA runs it.
struct PlanByHandTests {
  @Test func `the plan makes the same schema, however the session is set up`() async throws {
    try await TestDatabase.withEmptyDatabase { database in
      try await tool(
        "sh", "-c",
        """
        DATABASE_URL="$1" "$0" migrate plan | PGCLIENTENCODING=LATIN1 PGOPTIONS="$2" \
          psql -Xq "$1" >/dev/null
        """, Program.path, database.connectionString,
        "-c standard_conforming_strings=off -c default_transaction_read_only=on")
      let verified = try await Program.run(
        "migrate", "verify", environment: ["DATABASE_URL": database.connectionString])
      #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
      let comments = try await database.comments()
      let usual = try await TestDatabase.withLedger { try await $0.comments() }
      #expect(comments == usual)
    }
  }
}

extension TestDatabase {
  fileprivate func comments() async throws -> [[String?]] {
    try await query(
      """
      SELECT description FROM pg_description
      WHERE objoid IN (SELECT oid FROM pg_class WHERE relnamespace = 'trust_budget'::regnamespace)
      ORDER BY description COLLATE "C"
      """)
  }
}
