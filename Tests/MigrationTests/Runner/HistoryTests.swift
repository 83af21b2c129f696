import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// What was applied and what the program holds must be the same story.
@Suite struct HistoryTests {
  @Test func `a version that was left out is refused, and named`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute("DELETE FROM trust_budget.schema_migrations WHERE version = 1")
      let runner = database.runner()
      for error in [
        await #expect(throws: MigrationError.self) { try await runner.up() },
        await #expect(throws: MigrationError.self) { _ = try await runner.status() },
      ] {
        #expect(error?.description.contains("Migration 1 is missing") == true)
      }
    }
  }

  @Test(arguments: [
    ("UPDATE trust_budget.schema_migrations SET checksum = sha256('')", false),
    ("DELETE FROM trust_budget.schema_migrations WHERE version > 1", true),
    (
      """
      INSERT INTO trust_budget.schema_migrations
      SELECT 99, 'future', sha256(''), now(), now(), '99'
      """, true
    ),
    ("DROP SCHEMA trust_budget CASCADE", true),
    ("DELETE FROM trust_budget.ledger", true),
  ])
  func `a node works on the schema that it knows, and says what is wrong with another`(
    change: String, isRefused: Bool
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute(change)
      try await database.withNodes(1) {
        $0.patience = isRefused ? .seconds(10) : .seconds(20)
      } _: { nodes in
        let outcome = await nodes[0].outcome(of: try .charging("user:alice"))
        #expect(outcome.isCharged == !isRefused)
        guard isRefused else { return }
        guard case .unavailable(let reason) = outcome.error else {
          Issue.record("\(outcome)")
          return
        }
        #expect(reason.contains("schema") || reason.contains("ledger"))
      }
    }
  }
}
