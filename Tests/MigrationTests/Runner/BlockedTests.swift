import BudgetLedger
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

/// Locks that others hold.
@Suite struct BlockedTests {
  private let files =
    Migrations.embedded + [.next("ALTER TABLE trust_budget.budgets ADD COLUMN extra text;")]

  @Test func `who holds the lock is named, and nothing is left after the deadline`() async throws {
    try await TestDatabase.withLedger { database in
      let runner = database.runner(
        files, lockTimeout: .milliseconds(400), patience: .milliseconds(600))
      try await database.withConnection { holder in
        try await holder.execute(
          "SET application_name = 'nightly report'; BEGIN; SELECT count(*) FROM trust_budget.budgets"
        )
        let error = await #expect(throws: MigrationError.self) { try await runner.up() }
        guard case .blocked(let label, let blockers, _) = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(label == files[files.count - 1].label)
        let blocker = try #require(blockers.first)
        #expect(blocker.application == "nightly report")
        #expect(blocker.user == "postgres")
        #expect(blocker.since != nil)
        #expect(blocker.query?.contains("SELECT count(*)") == true)
        #expect(blocker.processID > 0)
        #expect(error?.description.contains("nothing of it is left") == true)
      }
      #expect(try await runner.status().pending == files.suffix(1))
    }
  }

  @Test func `charges go on while a migration waits for a long transaction`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        try await database.withConnection { holder in
          try await holder.execute("BEGIN; SELECT count(*) FROM trust_budget.budgets")
          let progress = ProgressLog()
          let runner = database.runner(files, lockTimeout: .milliseconds(100))
          async let applied = runner.up(progress: progress.add)
          var slowest = Duration.zero
          while progress.blockers.count < 3 {
            let start = ContinuousClock.now
            try await nodes[0].charge()
            slowest = max(slowest, .now - start)
          }
          // No longer than the migration stands in the way, and some for a busy machine.
          #expect(slowest < .seconds(10))
          try await holder.execute("COMMIT")
          #expect(try await applied == files.suffix(1))
        }
      }
      #expect(try await database.ledgerFaults() == [])
    }
  }

  @Test func `a migration that ends its own transaction is found out`() async throws {
    try await TestDatabase.withLedger { database in
      let files = Migrations.embedded + [.next("CREATE TABLE trust_budget.extra (); COMMIT;")]
      await #expect(throws: MigrationError.endsTransaction(label: files[files.count - 1].label)) {
        try await database.runner(files).up()
      }
    }
  }
}
