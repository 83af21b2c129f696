import BudgetLedger
import Foundation
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

/// Twenty runners at once, of which some are killed at any moment.
@Suite struct KilledRunnersTests {
  /// `TRUST_BUDGET_LONG_TESTS=1` runs fifty.
  private static var rounds: Range<UInt64> {
    ProcessInfo.processInfo.environment["TRUST_BUDGET_LONG_TESTS"] == "1" ? 0..<50 : 0..<3
  }

  @Test(arguments: rounds)
  func `each migration is applied exactly once, and nothing is half applied`(
    round: UInt64
  ) async throws {
    let index = Migration.next(
      "-- no-transaction\nCREATE INDEX CONCURRENTLY extra ON trust_budget.audit_entries (occurred_at);"
    )
    let files = Migrations.embedded + [index]
    try await TestDatabase.withEmptyDatabase { database in
      try await withThrowingTaskGroup { group in
        for _ in 0..<20 {
          group.addTask {
            // Being killed is no surprise; anything else is.
            do {
              _ = try await database.runner(files).up()
            } catch let error as PostgresError where error.isConnectionLost {
            } catch MigrationError.interrupted {}
          }
        }
        group.addTask { try await kill(atMost: 12, in: database, seed: round) }
        try await group.waitForAll()
      }
      _ = try await database.runner(files).up()
      #expect(try await database.schemaEvents().sorted() == files.map { "applied \($0.version)" })
      #expect(try await database.runner(files).status().pending == [])
      let differences = try #require(Catalogue.embedded)
        .differences(from: try await database.runner().liveCatalogue())
      #expect(differences == [])
    }
  }

  /// Ends a random runner's session now and then, as `kill -9` of its process would.
  private func kill(atMost count: Int, in database: TestDatabase, seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    try await database.withConnection { connection in
      for _ in 0..<count {
        let sessions = try await connection.query(
          """
          SELECT pid FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'trust-budget migrate'
          ORDER BY pid
          """)
        if !sessions.isEmpty, let pid = generator.pick(sessions)[0] {
          _ = try await connection.query("SELECT pg_terminate_backend(\(pid))")
        }
        for _ in 0..<Int.random(in: 1...20, using: &generator) {
          _ = try await connection.query("SELECT 1")
        }
      }
    }
  }
}
