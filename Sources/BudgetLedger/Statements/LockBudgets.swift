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

extension Budget {
  /// The columns that `init(decoding:)` reads, in its order.
  static let columns = "budget_id, \(columnsButID)"

  static let columnsButID = """
    initial_balance, adjustment, spent, reset_interval, window_started_at, window_seq, last_seq, \
    last_hash
    """

  init(decoding row: inout PostgresRow) throws {
    try self.init(try BudgetID(try row.next(String.self)), decoding: &row)
  }

  /// Reads `columnsButID`.
  ///
  /// - Throws: `UnreadableBudget`, or what reading the row throws.
  init(_ id: BudgetID, decoding row: inout PostgresRow) throws {
    do {
      self.init(
        id: id,
        initialBalance: try Points(try row.next(Int64.self)),
        adjustment: try row.next(Int64.self),
        spent: try row.next(Int64.self),
        resetInterval: try row.next(PostgresInterval?.self).map(ResetInterval.init(_:)),
        windowStartedAt: try Timestamp(finite: try row.next(PostgresTimestamp.self)),
        windowSequence: try Budget.sequence(try row.next(Int64.self)),
        lastSequence: try Budget.sequence(try row.next(Int64.self)),
        lastHash: try row.next(Digest.self))
    } catch let error as InvalidValue {
      throw UnreadableBudget(id: id, problem: error)
    }
  }
}

extension Budget {
  /// - Throws: `InvalidValue` for a number that no chain comes to, and that could not be counted on.
  fileprivate static func sequence(_ number: Int64) throws(InvalidValue) -> Int64 {
    guard (0..<1 << 60).contains(number) else {
      throw InvalidValue("must be the number of an entry, and is \(number)")
    }
    return number
  }
}

/// A budget whose row holds what no program of ours wrote.
struct UnreadableBudget: Error, CustomStringConvertible {
  let id: BudgetID
  let problem: InvalidValue

  var description: String { "the row of budget \(id) makes no sense: a value \(problem)" }
}
