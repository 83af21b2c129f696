import LibPQ
import TrustBudget

/// Makes the rows of budgets that are charged for the first time.
///
/// Before any row is locked, and sorted: so those who insert wait for each other in one order, and
/// never for somebody who waits for them. A row that another node has just made stays as it is.
struct CreateBudgets: PostgresStatement {
  typealias Row = Void

  static let name: String? = "create_budgets"
  static let sql = """
    INSERT INTO trust_budget.budgets (budget_id, initial_balance, reset_interval)
    SELECT new.budget_id, new.initial_balance, new.reset_interval
    FROM unnest($1, $2, $3) AS new (budget_id, initial_balance, reset_interval)
    ORDER BY new.budget_id COLLATE "C"
    ON CONFLICT (budget_id) DO NOTHING
    """
  static let parameterTypes: [PostgresType] = [.textArray, .int8Array, .intervalArray]

  let terms: [Terms]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(terms.map(\.budgetID.value))
    parameters.append(terms.map(\.initialBalance.value))
    parameters.append(terms.map { $0.resetInterval.map(PostgresInterval.init(_:)) })
  }
}
