import LibPQ
import TrustBudget

/// Budgets by name, as their rows stand.
struct ReadBudgets: PostgresStatement {
  static let name: String? = "read_budgets"
  static let sql = """
    SELECT \(Budget.columns)
    FROM trust_budget.budgets
    WHERE budget_id = ANY ($1)
    """
  static let parameterTypes: [PostgresType] = [.textArray]

  let ids: [String]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(ids)
  }

  static func decode(_ row: inout PostgresRow) throws -> Budget {
    try Budget(decoding: &row)
  }
}
