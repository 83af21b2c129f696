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

/// A page of budgets, in the order of their names.
package struct BudgetQuery: PostgresStatement {
  /// Which budgets are wanted, by what is left of them now.
  package enum Status: String, Sendable, CaseIterable {
    /// Something is left.
    case available
    /// Less than a fifth of the allocation is left.
    case low
    /// Nothing is left.
    case exhausted
  }

  package static let name: String? = "list_budgets"
  package static let sql = """
    SELECT \(Budget.columns)
    FROM trust_budget.budgets AS b
    CROSS JOIN LATERAL (
        SELECT CASE WHEN now() >= b.window_started_at + b.reset_interval
                    THEN b.initial_balance ELSE b.balance END AS balance
    ) AS now_left
    WHERE b.budget_id > $1
      AND starts_with(b.budget_id, $2)
      AND b.budget_id >= $2
      AND CASE $3::text WHEN 'available' THEN now_left.balance > 0
                        WHEN 'low' THEN now_left.balance * 5 < b.initial_balance
                        WHEN 'exhausted' THEN now_left.balance <= 0
                        ELSE true END
    ORDER BY b.budget_id
    LIMIT $4
    """
  package static let parameterTypes: [PostgresType] = [.text, .text, .text, .int8]

  let after: String
  let prefix: String
  let status: Status?
  let limit: Int

  /// - Parameters:
  ///   - prefix: how the names begin; all when empty.
  ///   - after: the last name of the page before.
  package init(prefix: String = "", status: Status? = nil, after: String = "", limit: Int) {
    self.prefix = prefix
    self.status = status
    self.after = after
    self.limit = limit
  }

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.append(after)
    parameters.append(prefix)
    parameters.append(status?.rawValue)
    parameters.append(Int64(limit))
  }

  package static func decode(_ row: inout PostgresRow) throws -> Budget {
    try Budget(decoding: &row)
  }
}
