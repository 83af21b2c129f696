import LibPQ
import Testing
import TrustBudgetTesting

@testable import BudgetLedger

/// Who stands in a runner's way, and for how long.
@Suite struct MigrationLockTests {
  @Test func `while another runner is at work, one says that it waits, and gives up in time`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let files = Migrations.embedded + [.next("SELECT pg_advisory_xact_lock(7);")]
      let first = database.runner(files, lockTimeout: .seconds(20))
      let second = database.runner(files, patience: .seconds(2))
      let third = database.runner(files)
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
      let runner = database.runner(lockTimeout: .milliseconds(100))
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
}
