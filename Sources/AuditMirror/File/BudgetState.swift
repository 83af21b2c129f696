import GRDB
import TrustBudget

/// What a budget's entries make of it, as of the one that it names: one row of `budget_states`.
struct BudgetState: Hashable, Sendable {
  var budget: Budget
  /// When its first entry was written.
  let createdAt: Timestamp

  /// What `init(reading:)` reads, in its order.
  static let columns = """
    budget_id, initial_balance, adjustment, spent, reset_interval_microseconds, window_started_at, \
    window_seq, last_seq, last_hash, created_at, resets_at
    """

  init(budget: Budget, createdAt: Timestamp) {
    self.budget = budget
    self.createdAt = createdAt
  }

  init(reading row: inout FileStatement) throws(InvalidValue) {
    let id = try BudgetID(try row.text())
    let initialBalance = try Points(try row.number())
    let adjustment = try row.number()
    let spent = try row.number()
    guard (0...Points.maximum).contains(spent), adjustment.magnitude <= Points.maximum.magnitude
    else { throw InvalidValue("must be of a budget's figures; these are \(adjustment), \(spent)") }
    var interval: ResetInterval?
    if let microseconds = try row.optionalNumber() {
      interval = try ResetInterval(microseconds: microseconds)
    }
    budget = Budget(
      id: id, initialBalance: initialBalance, adjustment: adjustment, spent: spent,
      resetInterval: interval, windowStartedAt: try row.moment(),
      windowSequence: try row.count(), lastSequence: try row.count(),
      lastHash: try row.digest())
    createdAt = try row.moment()
    // The view `budgets` goes by it.
    guard try row.optionalText() == budget.resetsAt?.sortableText else {
      throw InvalidValue(
        "must be when the window ends: reset_interval_microseconds after window_started_at (resets_at)"
      )
    }
  }
}

/// Writes what became of budgets.
struct PutBudgetState {
  private var statement: FileStatement

  init(_ db: Database) throws {
    statement = try FileStatement(
      db, "INSERT OR REPLACE INTO budget_states VALUES (?,?,?,?,?,?,?,?,?,?,?)")
  }

  mutating func run(_ state: BudgetState) throws {
    let budget = state.budget
    statement.put(budget.id.value)
    statement.put(budget.initialBalance.value)
    statement.put(budget.adjustment)
    statement.put(budget.spent)
    statement.put(budget.resetInterval?.microseconds)
    statement.put(budget.windowStartedAt.sortableText)
    statement.put(budget.resetsAt?.sortableText)
    statement.put(budget.windowSequence)
    statement.put(budget.lastSequence)
    statement.put(budget.lastHash)
    statement.put(state.createdAt.sortableText)
    try statement.run()
  }
}
