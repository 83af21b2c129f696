import LibPQ
import TrustBudget

@testable import BudgetLedger

/// Every budget's row.
struct ReadAllBudgets: PostgresStatement {
  static let name: String? = nil
  static let sql = """
    SELECT budget_id, initial_balance, adjustment, spent, reset_interval, window_started_at,
           window_seq, last_seq, last_hash
    FROM trust_budget.budgets
    """

  static func decode(_ row: inout PostgresRow) throws -> Budget {
    try Budget(decoding: &row)
  }
}
