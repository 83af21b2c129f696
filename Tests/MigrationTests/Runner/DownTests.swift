import BudgetLedger
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

/// The way back, which never loses evidence by accident.
@Suite struct DownTests {
  @Test func `down and up again make the same schema`() async throws {
    try await TestDatabase.withLedger { database in
      let before = try await database.runner().liveCatalogue()
      let gone = try await database.runner().down(to: 0)
      #expect(gone == Migrations.embedded.reversed())
      #expect(
        try await database.query(
          """
          SELECT relname FROM pg_class WHERE relnamespace = 'trust_budget'::regnamespace
            AND relkind IN ('r', 'v') ORDER BY relname
          """) == [["schema_events"], ["schema_migrations"]])
      #expect(
        try await database.count(
          "SELECT count(*) FROM pg_proc WHERE pronamespace = 'trust_budget'::regnamespace") == 0)
      #expect(try await database.runner().up() == Migrations.embedded)
      #expect(before.differences(from: try await database.runner().liveCatalogue()) == [])
      let versions = Migrations.embedded.map(\.version)
      #expect(
        try await database.schemaEvents()
          == versions.map { "applied \($0)" } + versions.reversed().map { "reverted \($0)" }
          + versions.map { "applied \($0)" })
    }
  }

  @Test func `entries are not destroyed unless somebody says so`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.charge()
      let label = Migrations.embedded[0].label
      await #expect(
        throws: MigrationError.wouldDestroy(label: label, tables: ["trust_budget.audit_entries"])
      ) { try await database.runner().down(to: 0) }
      // What came before it is back all the same, each in a transaction of its own.
      #expect(try await database.runner().status().applied.map(\.version) == [1])
      #expect(try await database.count("SELECT count(*) FROM trust_budget.audit_entries") == 2)
      _ = try await database.runner().down(to: 0, destroyingAuditData: true)
      #expect(try await database.exists("audit_entries") == false)
    }
  }

  @Test func `tokens are not destroyed unless somebody says so`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        """
        INSERT INTO trust_budget.api_tokens (name, roles, hash)
        VALUES ('ca-1', '{issuer}', sha256('secret'))
        """)
      let label = try #require(Migrations.embedded.first { $0.up.contains("api_tokens") }).label
      await #expect(
        throws: MigrationError.wouldDestroy(label: label, tables: ["trust_budget.api_tokens"])
      ) { try await database.runner().down(to: 4) }
      #expect(try await database.count("SELECT count(*) FROM trust_budget.api_tokens") == 1)
      _ = try await database.runner().down(to: 4, destroyingAuditData: true)
      #expect(try await database.exists("api_tokens") == false)
    }
  }

  @Test(arguments: [
    "ALTER TABLE trust_budget.audit_entries DROP COLUMN actor CASCADE;",
    """
    ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER ALL;
    DELETE FROM trust_budget.audit_entries;
    """,
  ])
  func `a way back that takes a column or all rows is seen as well`(down: String) async throws {
    try await TestDatabase.withLedger { database in
      try await database.charge()
      let files = Migrations.embedded + [.next("SELECT 1;", down: down)]
      let runner = database.runner(files)
      _ = try await runner.up()
      let target = Int64(Migrations.embedded.count)
      let error = await #expect(throws: MigrationError.self) { try await runner.down(to: target) }
      guard case .wouldDestroy = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(try await runner.status().pending == [])
      #expect(try await database.ledgerFaults() == [])
    }
  }

  @Test func `a way back that fails changes nothing, not even the history`() async throws {
    try await TestDatabase.withLedger { database in
      let files =
        Migrations.embedded + [
          .next(
            "CREATE TABLE trust_budget.extra ();",
            down: "DROP TABLE trust_budget.extra; SELECT 1 / 0;")
        ]
      let runner = database.runner(files)
      _ = try await runner.up()
      await #expect(throws: MigrationError.self) {
        try await runner.down(to: Int64(Migrations.embedded.count))
      }
      #expect(try await database.exists("extra"))
      #expect(try await runner.status().pending == [])
    }
  }

  @Test func `where there is no way back, or no such version, nothing is done`() async throws {
    try await TestDatabase.withLedger { database in
      let files = Migrations.embedded + [.next("SELECT 1;")]
      let runner = database.runner(files)
      _ = try await runner.up()
      await #expect(throws: MigrationError.noWayBack(label: files[files.count - 1].label)) {
        try await runner.down(to: 0)
      }
      await #expect(throws: MigrationError.self) { try await runner.down(to: 99) }
      #expect(try await runner.down(to: Int64(files.count)) == [])
    }
  }
}
