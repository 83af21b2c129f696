import LibPQ
import TrustBudget

/// Keeps what follows in the transaction from waiting for a table that is locked as a whole.
struct LimitLockWait: PostgresStatement {
  typealias Row = Void
  static let name: String? = "limit_lock_wait"
  static let sql = "SET LOCAL lock_timeout = '100ms'"
}

/// Which of these budgets nobody else has locked at this moment. Waits for nobody.
struct FindFreeBudgets: PostgresStatement {
  static let name: String? = "find_free_budgets"
  static let sql = """
    SELECT budget_id
    FROM trust_budget.budgets
    WHERE budget_id = ANY ($1)
    FOR NO KEY UPDATE SKIP LOCKED
    """
  static let parameterTypes: [PostgresType] = [.textArray]

  let ids: [String]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(ids)
  }

  static func decode(_ row: inout PostgresRow) throws -> BudgetID {
    try BudgetID(try row.next(String.self))
  }
}
