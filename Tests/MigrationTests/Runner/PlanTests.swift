import BudgetLedger
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

/// What a DBA reviews, and may run by hand.
@Suite struct PlanTests {
  @Test func `a plan runs nothing, and run by hand it makes what up makes`() async throws {
    try await TestDatabase.withEmptyDatabase { database in
      let plan = try await database.runner().plan()
      #expect(plan.migrations == Migrations.embedded)
      #expect(
        try await database.count("SELECT count(*) FROM pg_namespace WHERE nspname = 'trust_budget'")
          == 0)
      try await database.execute(try await script(for: database))
      #expect(try await database.runner().verify().isSound)
      #expect(try await database.runner().up() == [])
      #expect(try await database.runner().plan().isEmpty)
      #expect(
        try await database.schemaEvents() == Migrations.embedded.map { "applied \($0.version)" })
    }
  }

  @Test func `a schema that was made by hand where characters are lacking is refused by nodes`()
    async throws
  {
    try await TestDatabase.withEmptyDatabase(encoding: "EUC_JP") { database in
      try await database.execute(try await script(for: database))
      await #expect(throws: SchemaProblem.unfitEncoding("EUC_JP")) {
        try await LedgerStatus.read(connectionString: database.connectionString)
      }
      try await database.withNodes(1) {
        $0.patience = .seconds(5)
      } _: { nodes in
        let error = await #expect(throws: LedgerError.self) {
          try await nodes[0].perform(.charging("user:alice"))
        }
        guard case .unavailable(let reason)? = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(reason.contains("encoding is EUC_JP"))
      }
    }
  }

  @Test
  func `a plan asks for the encodings that up and nodes take, in the words that refuse others`()
    async throws
  {
    try await TestDatabase.withEmptyDatabase(encoding: "SQL_ASCII") { database in
      let plan = try await database.runner().plan().sql.replacing("\n-- ", with: " ")
      for text in [
        plan, "\(MigrationError.wrongEncoding("LATIN1"))",
        "\(SchemaProblem.unfitEncoding("LATIN1"))",
      ] {
        #expect(text.contains("must be UTF8 or SQL_ASCII, for names may have any character"))
      }
      try await database.execute(try await script(for: database))
      try await database.withNodes(1) { _ = try await $0[0].perform(.charging("user:日本")) }
      try await database.expectSoundLedger()
    }
  }

  @Test func `a database that is strict about PL/pgSQL takes the migrations, by hand and by up`()
    async throws
  {
    for isByHand in [false, true] {
      try await TestDatabase.withEmptyDatabase { database in
        try await database.execute(
          "ALTER DATABASE \(database.name) SET plpgsql.extra_errors = 'all'")
        if isByHand {
          try await database.execute(try await script(for: database))
        } else {
          _ = try await database.runner().up()
        }
        #expect(try await database.runner().verify().isSound)
        try await database.withNodes(1) { _ = try await $0[0].perform(.charging("user:alice")) }
      }
    }
  }

  @Test func `a plan has the migrations in order, each in its transaction`() async throws {
    try await TestDatabase.withLedger { database in
      let files =
        Migrations.embedded + [
          Migration.next(
            "-- no-transaction\nCREATE INDEX CONCURRENTLY i ON trust_budget.budgets (spent);")
        ]
      let sql = try await database.runner(files).plan().sql
      #expect(!sql.contains("CREATE TABLE"))
      #expect(!sql.contains("BEGIN;"))
      #expect(sql.contains("CREATE INDEX CONCURRENTLY i ON trust_budget.budgets (spent);\nUPDATE"))
      #expect(try await database.exists("i") == false)
    }
  }

  @Test func `up stops at a version, and goes on from there`() async throws {
    try await TestDatabase.withEmptyDatabase { database in
      let first = try await database.runner().up(to: 1)
      #expect(first.map(\.version) == [1])
      #expect(try await database.exists("budget_status") == false)
      #expect(
        try await database.runner().verify().pending == Array(Migrations.embedded.dropFirst()))
      await #expect(throws: MigrationError.self) { try await database.runner().up(to: 99) }
      #expect(try await database.runner().up() == Array(Migrations.embedded.dropFirst()))
      await #expect(throws: MigrationError.self) { try await database.runner().up(to: 1) }
    }
  }

  @Test func `a plan refuses the versions that up refuses`() async throws {
    try await TestDatabase.withLedger { database in
      let newest = Int64(Migrations.embedded.count)
      let runner = database.runner()
      for target in [-1, newest - 1, newest + 1] {
        let refusal = await #expect(throws: MigrationError.self) { try await runner.up(to: target) }
        let same = await #expect(throws: MigrationError.self) { try await runner.plan(to: target) }
        #expect(same == refusal)
      }
      let nothing = try await runner.plan(to: newest)
      #expect(nothing.isEmpty)
    }
  }

  @Test func `a schema that a DBA has made beforehand is used`() async throws {
    try await TestDatabase.withEmptyDatabase { database in
      try await database.execute("CREATE SCHEMA trust_budget")
      #expect(try await database.runner().plan().sql.contains("CREATE SCHEMA") == false)
      #expect(try await database.runner().up() == Migrations.embedded)
      #expect(try await database.runner().verify().isSound)
    }
  }

  /// The plan without what only psql understands.
  private func script(for database: TestDatabase) async throws -> String {
    try await database.runner().plan().sql
      .split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.hasPrefix("\\") }.joined(separator: "\n")
  }
}
