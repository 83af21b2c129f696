/// A budget's state: one row of `trust_budget.budgets`.
///
/// What was spent in the window is the fact; the allocation is the policy's word. So two replicas
/// that run different versions of a policy for a while can never mint points by turns.
package struct Budget: Hashable, Sendable {
  package let id: BudgetID
  /// The allocation for each window, in points.
  package internal(set) var initialBalance: Points
  /// Points that administrators added (or took, below zero) in this window.
  package internal(set) var adjustment: Int64
  /// Points that charges took in this window, less those given back.
  package internal(set) var spent: Int64
  package internal(set) var resetInterval: ResetInterval?
  package internal(set) var windowStartedAt: Timestamp
  /// The number of the entry that opened the window: the allocation, or the last reset.
  package internal(set) var windowSequence: Int64
  /// The newest entry's number; 0 only before the first entry.
  package internal(set) var lastSequence: Int64
  /// The newest entry's hash.
  package internal(set) var lastHash: Digest

  package init(
    id: BudgetID,
    initialBalance: Points,
    adjustment: Int64 = 0,
    spent: Int64 = 0,
    resetInterval: ResetInterval?,
    windowStartedAt: Timestamp,
    windowSequence: Int64 = 0,
    lastSequence: Int64 = 0,
    lastHash: Digest = .zero
  ) {
    self.id = id
    self.initialBalance = initialBalance
    self.adjustment = adjustment
    self.spent = spent
    self.resetInterval = resetInterval
    self.windowStartedAt = windowStartedAt
    self.windowSequence = windowSequence
    self.lastSequence = lastSequence
    self.lastHash = lastHash
  }

  /// Points that remain in this window. Below zero where a charge was only observed, or where the
  /// allocation was lowered below what had been spent.
  package var balance: Int64 { initialBalance.value + adjustment - spent }

  /// Whether all that can be said of it after an adjustment is a number that every JSON reader keeps
  /// exactly: its balance, too, however much of what was spent is given back.
  func isExact(adjustedBy points: Int64) -> Bool {
    let adjustment = adjustment + points
    let whole = initialBalance.value + adjustment
    return abs(adjustment) <= Points.maximum && spent <= Points.maximum
      && whole <= Points.maximum && whole - spent >= -Points.maximum
  }

  /// The end of its chain; nil before its first entry.
  package var head: ChainHead? {
    lastSequence == 0 ? nil : ChainHead(sequence: lastSequence, hash: lastHash, balance: balance)
  }

  /// When the window ends; nil when it never does.
  package var resetsAt: Timestamp? { resetInterval.map { windowStartedAt + $0 } }

  /// The start of the window that `now` falls in, when that is a later one than this budget's.
  ///
  /// Windows stay on their grid: after 2.5 intervals the new one began at 2 intervals, not now.
  /// A clock that went backwards is before the window's end and never reopens an old one.
  package func dueWindowStart(at now: Timestamp) -> Timestamp? {
    guard let resetInterval, now >= windowStartedAt + resetInterval else { return nil }
    let elapsed = now.microseconds - windowStartedAt.microseconds
    let windows = elapsed / resetInterval.microseconds
    return Timestamp(
      microseconds: windowStartedAt.microseconds + windows * resetInterval.microseconds)
  }

  /// The budget as it would be after a reset that is due at `now`: what reads show.
  package func afterDueReset(at now: Timestamp) -> Budget {
    guard let start = dueWindowStart(at: now) else { return self }
    var budget = self
    budget.openWindow(at: start)
    return budget
  }

  mutating func openWindow(at start: Timestamp) {
    windowStartedAt = start
    spent = 0
    adjustment = 0
  }
}
