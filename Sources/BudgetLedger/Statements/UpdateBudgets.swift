import LibPQ
import TrustBudget

/// Writes back the budgets that a batch changed. Their rows are locked already.
struct UpdateBudgets: PostgresStatement {
  typealias Row = Void

  static let name: String? = "update_budgets"
  static let sql = """
    UPDATE trust_budget.budgets AS budget
    SET initial_balance = new.initial_balance,
        adjustment = new.adjustment,
        spent = new.spent,
        reset_interval = new.reset_interval,
        window_started_at = new.window_started_at,
        window_seq = new.window_seq,
        last_seq = new.last_seq,
        last_hash = new.last_hash
    FROM (SELECT unnest($1) AS budget_id, unnest($2) AS initial_balance,
                 unnest($3) AS adjustment, unnest($4) AS spent, unnest($5) AS reset_interval,
                 unnest($6) AS window_started_at, unnest($7) AS window_seq,
                 unnest($8) AS last_seq, unnest($9) AS last_hash) AS new
    WHERE budget.budget_id = new.budget_id
    """
  static let parameterTypes: [PostgresType] = [
    .textArray, .int8Array, .int8Array, .int8Array, .intervalArray, .timestamptzArray, .int8Array,
    .int8Array, .byteaArray,
  ]

  let budgets: [Budget]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(budgets.map(\.id.value))
    parameters.append(budgets.map(\.initialBalance.value))
    parameters.append(budgets.map(\.adjustment))
    parameters.append(budgets.map(\.spent))
    parameters.append(budgets.map { $0.resetInterval.map(PostgresInterval.init(_:)) })
    parameters.append(budgets.map { PostgresTimestamp($0.windowStartedAt) })
    parameters.append(budgets.map(\.windowSequence))
    parameters.append(budgets.map(\.lastSequence))
    parameters.append(budgets.map(\.lastHash))
  }
}
