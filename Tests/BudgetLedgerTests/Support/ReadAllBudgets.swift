import LibPQ
import TrustBudget

@testable import BudgetLedger

/// Every budget's row.
struct ReadAllBudgets: PostgresStatement {
  static let sql = "SELECT \(Budget.columns) FROM trust_budget.budgets"

  static func decode(_ row: inout PostgresRow) throws -> Budget {
    try Budget(decoding: &row)
  }
}
