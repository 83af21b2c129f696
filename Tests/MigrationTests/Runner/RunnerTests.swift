import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Bringing a schema up to date, whoever else is at it and whatever goes wrong.
@Suite struct RunnerTests {
  @Test func `twenty runners at once on an empty database apply each migration once`()
    async throws
  {
    try await TestDatabase.withEmptyDatabase { database in
      let applied = try await concurrently(20) { _ in
        try await database.runner().up()
      }
      #expect(applied.flatMap { $0 }.map(\.version).sorted() == Migrations.embedded.map(\.version))
      let status = try await database.runner().status()
      #expect(status.applied.map(\.checksum) == Migrations.embedded.map(\.checksum))
      #expect(status.applied.allSatisfy { $0.programVersion == ProductVersion.current })
      #expect(status.pending == [])
    }
  }

  @Test func `a second run finds nothing to do`() async throws {
    try await TestDatabase.withLedger { database in
      let runner = database.runner()
      let progress = ProgressLog()
      let applied = try await runner.up(progress: progress.add)
      #expect(applied == [])
      #expect(progress.steps == [])
    }
  }

  @Test func `a database that lacks characters is refused, and left as it is`() async throws {
    try await TestDatabase.withEmptyDatabase(encoding: "LATIN1") { database in
      let runner = database.runner()
      let error = await #expect(throws: MigrationError.self) { try await runner.up() }
      #expect(error == .wrongEncoding("LATIN1"))
      let wasTouched = try await database.hasSchema()
      #expect(!wasTouched)
    }
    try await TestDatabase.withEmptyDatabase(encoding: "SQL_ASCII") { database in
      _ = try await database.runner().up()
      try await database.withNodes(1) { _ = try await $0[0].perform(.charging("user:日本")) }
      try await database.expectSoundLedger()
    }
  }

  @Test func `status of a database without a schema lists everything, and makes nothing`()
    async throws
  {
    try await TestDatabase.withEmptyDatabase { database in
      let status = try await database.runner().status()
      #expect(status.applied == [])
      #expect(status.pending == Migrations.embedded)
      #expect(try await !database.hasSchema())
    }
  }

  @Test func `a migration that fails leaves nothing of itself, and the ones before it`()
    async throws
  {
    try await TestDatabase.withEmptyDatabase { database in
      let files =
        Migrations.embedded + [
          .next("CREATE TABLE trust_budget.half (); SELECT 1 / 0;")
        ]
      let runner = database.runner(files)
      let error = await #expect(throws: MigrationError.self) { try await runner.up() }
      guard case .failed(let label, let reason, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(label == files.last?.label)
      #expect(reason.contains("division by zero"))
      #expect(try await !database.exists("half"))
      let status = try await runner.status()
      #expect(status.pending == files.suffix(1))
    }
  }

  @Test func `a runner that is killed in the middle leaves nothing half applied`() async throws {
    try await TestDatabase.withLedger { database in
      let files =
        Migrations.embedded + [
          .next("CREATE TABLE trust_budget.half (); SELECT pg_advisory_xact_lock(7);")
        ]
      let runner = database.runner(files, lockTimeout: .seconds(20))
      try await database.withConnection { holder in
        try await holder.execute("SELECT pg_advisory_lock(7)")
        let killed = Task { try await runner.up() }
        #expect(try await eventually { try await database.isWaiting("advisory") })
        try await database.terminateSessions(where: "application_name = 'trust-budget migrate'")
        let error = await #expect(throws: MigrationError.self) {
          try await killed.value
        }
        #expect(error?.isInterruption == true)
      }
      #expect(try await !database.exists("half"))
      #expect(try await runner.status().pending == files.suffix(1))
      #expect(try await runner.up() == files.suffix(1))
      #expect(try await database.exists("half"))
    }
  }

  @Test(arguments: [PostgresProxy.Fault.cutBeforeCommit, .cutAfterCommit])
  func `a runner whose COMMIT is lost claims nothing, and the next one goes on where it stands`(
    fault: PostgresProxy.Fault
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await PostgresProxy.with(database) { proxy in
        let files = Migrations.embedded + [.next("CREATE TABLE trust_budget.extra ();")]
        proxy.inject(fault)
        let runner = MigrationRunner(
          connectionString: proxy.connectionString, migrations: files)
        let error = await #expect(throws: MigrationError.self) { try await runner.up() }
        #expect(error?.isInterruption == true)
        let isThere = fault == .cutAfterCommit
        #expect(try await database.exists("extra") == isThere)
        let applied = try await runner.up()
        #expect(applied == (isThere ? [] : files.suffix(1)))
      }
    }
  }
}

extension MigrationError {
  /// Whether it claims nothing about what was done: the connection was lost.
  fileprivate var isInterruption: Bool {
    if case .interrupted = self { true } else { false }
  }
}
