import LibPQ
import TrustBudget

/// Writes back the budgets that a batch changed.
///
/// Their rows are locked already, and so are still where they were found. Were one not, its next
/// entry would be numbered as one that the trail holds, and the primary key would refuse it.
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
    FROM (SELECT unnest($1) AS location, unnest($2) AS initial_balance,
                 unnest($3) AS adjustment, unnest($4) AS spent, unnest($5) AS reset_interval,
                 unnest($6) AS window_started_at, unnest($7) AS window_seq,
                 unnest($8) AS last_seq, unnest($9) AS last_hash) AS new
    WHERE budget.ctid = new.location
    """
  static let parameterTypes: [PostgresType] = [
    .tidArray, .int8Array, .int8Array, .int8Array, .intervalArray, .timestamptzArray, .int8Array,
    .int8Array, .byteaArray,
  ]

  let rows: [LockedBudget]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(rows.map(\.location))
    parameters.append(rows.map(\.budget.initialBalance.value))
    parameters.append(rows.map(\.budget.adjustment))
    parameters.append(rows.map(\.budget.spent))
    parameters.append(rows.map { $0.budget.resetInterval.map(PostgresInterval.init(_:)) })
    parameters.append(rows.map { PostgresTimestamp($0.budget.windowStartedAt) })
    parameters.append(rows.map(\.budget.windowSequence))
    parameters.append(rows.map(\.budget.lastSequence))
    parameters.append(rows.map(\.budget.lastHash))
  }
}
