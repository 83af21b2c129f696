import BudgetLedger
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

extension TestDatabase {
  /// Lends a running node of one lane, which is busy with a charge of `user:held`, whose row somebody
  /// else holds until `release` is called. It has charged `user:first` before.
  func withBusyLane(
    _ configure: (inout LedgerSettings) -> Void = { _ in },
    _ body: (_ node: BudgetLedger, _ release: () async throws -> Void) async throws -> Void
  ) async throws {
    try await makeBudgets("user:held")
    let node = try node {
      $0.lanes = 1
      $0.lockTimeout = .seconds(20)
      $0.statementTimeout = .seconds(30)
      configure(&$0)
    }
    try await withConnection { holder in
      try await holder.execute("BEGIN")
      try await holder.lock("user:held")
      try await withRunning([node]) {
        // Connects, so that the next charge finds the lane free.
        _ = try await node.perform(.charging("user:first"))
        async let held = node.perform(.charging("user:held"))
        #expect(try await eventually { try await isWaiting("transactionid") })
        try await body(node) { try await holder.execute("COMMIT") }
        #expect(try await held.isCharged)
      }
    }
  }

  /// The names of all budgets.
  func budgets() async throws -> [String?] {
    try await query("SELECT budget_id FROM trust_budget.budgets ORDER BY 1").map { $0[0] }
  }
}
