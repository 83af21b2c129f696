import BudgetLedger
import TrustBudget
import TrustBudgetTesting

extension TestDatabase {
  /// Charges a budget, as a node of its own would.
  func charge(_ budget: String = "user:alice", times: Int = 1) async throws {
    try await withNodes(1) { nodes in
      for _ in 0..<times { try await nodes[0].charge(budget) }
    }
  }
}

extension BudgetLedger {
  /// Charges a budget of plenty.
  ///
  /// - Throws: `TestFailure` when it is not charged.
  func charge(_ budget: String = "user:alice") async throws {
    let answer = try await perform(.charge(try .of(budget, initialBalance: 1_000_000)))
    guard answer.isCharged else { throw TestFailure("\(answer)") }
  }
}
