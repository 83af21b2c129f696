import LibPQ
import Synchronization
import Testing
import TrustBudgetTesting

@testable import BudgetLedger

/// Who stands in a runner's way, and for how long.
@Suite struct MigrationLockTests {
  @Test func `while another runner is at work, one says that it waits, and gives up in time`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let files = Migrations.embedded + [.extra("SELECT pg_advisory_xact_lock(7);")]
      let first = MigrationRunner(
        connectionString: database.connectionString, migrations: files, lockTimeout: .seconds(20))
      let second = MigrationRunner(
        connectionString: database.connectionString, migrations: files,
        patience: .seconds(2))
      let third = MigrationRunner(
        connectionString: database.connectionString, migrations: files)
      try await database.withConnection { holder in
        try await holder.execute("SELECT pg_advisory_lock(7)")
        async let applied = first.up()
        #expect(try await eventually { try await database.isWaiting("advisory") })
        let progress = ProgressLog()
        await #expect(throws: MigrationError.busy) { try await second.up(progress: progress.add) }
        #expect(progress.steps == [.waitingForOtherRunner])

        async let nothing = third.up(progress: progress.add)
        #expect(try await eventually { progress.steps.count == 2 })
        try await holder.execute("SELECT pg_advisory_unlock(7)")
        let results = try await (applied, nothing)
        #expect(results.0 == files.suffix(1))
        #expect(results.1 == [])
      }
    }
  }

  @Test func `a history that somebody has locked is asked again`() async throws {
    try await TestDatabase.withLedger { database in
      let runner = MigrationRunner(
        connectionString: database.connectionString, lockTimeout: .milliseconds(100))
      try await database.withConnection { holder in
        try await holder.execute("BEGIN")
        try await holder.execute("LOCK TABLE trust_budget.schema_migrations")
        async let applied = runner.up()
        // It waits, gives way, and waits again.
        #expect(try await eventually { try await database.isWaiting("relation") })
        #expect(try await eventually { try await !database.isWaiting("relation") })
        #expect(try await eventually { try await database.isWaiting("relation") })
        try await holder.execute("COMMIT")
        #expect(try await applied == [])
      }
    }
  }

  @Test func `a migration gives way to a long transaction, and gets through after it`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let files =
        Migrations.embedded + [
          .extra("ALTER TABLE trust_budget.budgets ADD COLUMN extra text;")
        ]
      let runner = MigrationRunner(
        connectionString: database.connectionString, migrations: files,
        lockTimeout: .milliseconds(100))
      try await database.withConnection { holder in
        try await holder.execute("BEGIN; SELECT count(*) FROM trust_budget.budgets")
        let progress = ProgressLog()
        async let applied = runner.up(progress: progress.add)
        let hasGivenWay = try await eventually {
          progress.steps.contains { if case .gaveWay = $0 { true } else { false } }
        }
        #expect(hasGivenWay)
        // In between, the charges that had queued up behind it get through.
        try await database.withNodes(1) { nodes in
          let answer = try await nodes[0].perform(.charging("user:alice"))
          #expect(answer.isCharged)
        }
        try await holder.execute("COMMIT")
        let result = try await applied
        #expect(result == files.suffix(1))
        #expect(progress.steps.last == .applied(files[files.count - 1]))
      }
    }
  }

  @Test func `a lock that is never to be had ends a migration in time, with nothing of it left`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let files =
        Migrations.embedded + [
          .extra("ALTER TABLE trust_budget.budgets ADD COLUMN extra text;")
        ]
      let runner = MigrationRunner(
        connectionString: database.connectionString, migrations: files,
        lockTimeout: .milliseconds(50), patience: .milliseconds(200))
      try await database.withConnection { holder in
        try await holder.execute("BEGIN; SELECT count(*) FROM trust_budget.budgets")
        let error = await #expect(throws: MigrationError.self) { try await runner.up() }
        #expect(error?.description.contains("nothing of it is left") == true)
        #expect(error?.description.contains(files[files.count - 1].label) == true)
      }
      #expect(try await runner.status().pending == files.suffix(1))
    }
  }
}

/// What a runner reported.
final class ProgressLog: Sendable {
  private let log = Mutex<[MigrationRunner.Progress]>([])

  var steps: [MigrationRunner.Progress] { log.withLock { $0 } }

  var add: @Sendable (MigrationRunner.Progress) -> Void {
    { [self] step in log.withLock { $0.append(step) } }
  }
}
