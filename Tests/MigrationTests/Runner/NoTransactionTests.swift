import BudgetLedger
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

/// CREATE INDEX CONCURRENTLY and its like.
@Suite struct NoTransactionTests {
  private let index = Migration.next(
    "-- no-transaction\nCREATE INDEX CONCURRENTLY extra ON trust_budget.audit_entries (occurred_at);\n"
  )

  private var files: [Migration] { Migrations.embedded + [index] }

  @Test func `an index is built outside a transaction, and recorded`() async throws {
    try await TestDatabase.withLedger { database in
      let applied = try await database.runner(files).up()
      #expect(applied == [index])
      #expect(try await isValid(database) == true)
      #expect(try await database.schemaEvents().last == "applied \(index.version)")
      #expect(try await database.runner(files).up() == [])
    }
  }

  @Test func `an interrupted build is found invalid, and built anew by the next up`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withConnection { holder in
        // The build waits for transactions that may still write, once its index is in the catalogue.
        try await holder.execute(
          "BEGIN; LOCK TABLE trust_budget.audit_entries IN ROW EXCLUSIVE MODE")
        let runner = database.runner(files)
        async let interrupted = runner.up()
        #expect(try await eventually { try await isValid(database) == false })
        try await database.terminateSessions(where: "query LIKE '%CONCURRENTLY extra%'")
        do {
          _ = try await interrupted
          Issue.record("it was not interrupted")
        } catch let error as MigrationError {
          #expect(error == .interrupted(label: index.label))
        }
        try await holder.execute("ROLLBACK")
      }
      #expect(try await isValid(database) == false)
      let (applied, pending) = try await database.runner(files).status()
      #expect(applied.last?.appliedAt == nil)
      #expect(pending == [index])
      await #expect(throws: MigrationError.unfinished(label: index.label)) {
        try await database.runner(files).down(to: 0)
      }
      let progress = ProgressLog()
      #expect(try await database.runner(files).up(progress: progress.add) == [index])
      #expect(progress.steps.contains(.removedInvalidIndex(name: "extra")))
      #expect(try await isValid(database) == true)
    }
  }

  @Test func `a build that cannot get its locks says who holds them, and is done by the next up`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let runner = database.runner(
        files, lockTimeout: .milliseconds(100), patience: .seconds(2))
      try await database.withConnection { holder in
        try await holder.execute(
          """
          SET application_name = 'nightly report'; BEGIN;
          LOCK TABLE trust_budget.audit_entries IN ROW EXCLUSIVE MODE
          """)
        let error = await #expect(throws: MigrationError.self) { try await runner.up() }
        guard case .blocked(index.label, let blockers, .begun) = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(blockers.first?.application == "nightly report")
        #expect(error?.description.contains("run trust-budget migrate up again") == true)
        // Whoever holds up the build holds up the removal of what it has left.
        #expect(try await isValid(database) == false)
        #expect(try await runner.status().applied.last?.appliedAt == nil)
        try await holder.execute("ROLLBACK")
      }
      #expect(try await runner.up() == [index])
      #expect(try await isValid(database) == true)
    }
  }

  @Test func `a build that came to its end after its runner was gone is only recorded`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        """
        INSERT INTO trust_budget.schema_migrations
        SELECT \(index.version), 'extra', '\\x\(index.checksum.hexadecimal)', now(), NULL, '1';
        """)
      try await database.query("CREATE INDEX extra ON trust_budget.audit_entries (occurred_at)")
      let before = try await database.query("SELECT 'trust_budget.extra'::regclass::oid")
      #expect(try await database.runner(files).up() == [index])
      #expect(try await database.query("SELECT 'trust_budget.extra'::regclass::oid") == before)
      #expect(try await database.runner(files).status().pending == [])
    }
  }

  @Test(arguments: [
    "-- no-transaction\nCREATE INDEX CONCURRENTLY extra ON trust_budget.budgets (spent); SELECT 1;",
    "-- no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY extra ON trust_budget.audit_entries (epoch);",
  ])
  func `two statements, or one that fails, leave nothing`(up: String) async throws {
    try await TestDatabase.withLedger { database in
      try await database.charge()
      let runner = database.runner(Migrations.embedded + [.next(up)])
      let error = await #expect(throws: MigrationError.self) { try await runner.up() }
      guard case .failed = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(try await isValid(database) == nil)
      #expect(try await runner.status().applied.count == Migrations.embedded.count)
    }
  }

  @Test func `another's index that is not ready is left alone`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        """
        CREATE INDEX extra_of_the_dba ON trust_budget.budgets (spent);
        UPDATE pg_index SET indisvalid = false
        WHERE indexrelid = 'trust_budget.extra_of_the_dba'::regclass;
        """)
      _ = try await database.runner(files).up()
      #expect(try await database.exists("extra_of_the_dba"))
    }
  }

  /// nil: there is no such index.
  private func isValid(_ database: TestDatabase) async throws -> Bool? {
    try await database.query(
      "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('trust_budget.extra')"
    ).first.map { $0 == ["t"] }
  }
}
