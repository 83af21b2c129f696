import LibPQ
import TrustBudget

/// Locks budget rows, in sorted order, and does nothing else.
///
/// Alone in its statement: whatever else a statement reads was read before it waited for the locks.
/// Sorted, so that two batches that share budgets wait for each other instead of deadlocking.
///
/// The lock also keeps each row where it is, so its location leads back to it, at no search.
struct LockBudgets: PostgresStatement {
  typealias Row = LockedBudget

  static let name: String? = "lock_budgets"
  static let sql = """
    SELECT ctid, \(Budget.columns)
    FROM trust_budget.budgets
    WHERE budget_id = ANY ($1)
    ORDER BY budget_id
    FOR NO KEY UPDATE
    """
  static let parameterTypes: [PostgresType] = [.textArray]

  let ids: [String]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(ids)
  }

  static func decode(_ row: inout PostgresRow) throws -> LockedBudget {
    LockedBudget(
      location: try row.next(PostgresRowLocation.self), budget: try Budget(decoding: &row))
  }
}

/// A budget whose row is locked, and where that row is for as long as the lock is held.
struct LockedBudget {
  let location: PostgresRowLocation
  let budget: Budget
}
