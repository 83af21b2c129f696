import TrustBudget

/// Requests for budgets whose rows somebody else holds: a DBA with a transaction left open, say. They step
/// aside, and so does whoever comes after them for the same budgets, so that the lane goes on with
/// everybody else.
///
/// So do requests of which PostgreSQL says again and again that it cannot do them now; nobody waits for
/// these.
struct HeldRequests {
  /// How long to leave between two looks at the rows.
  static let interval: Duration = .milliseconds(20)

  private struct Held {
    var attempt: Attempt
    /// Those that were held when somebody last looked.
    let budgets: Set<BudgetID>
    /// Not before that it is tried again.
    var due = ContinuousClock.now
  }

  private var attempts: [Held] = []
  private var lastLook = ContinuousClock.now
  private var lastSaid: ContinuousClock.Instant?

  var isEmpty: Bool { attempts.isEmpty }

  /// How many wait.
  var count: Int { attempts.reduce(0) { $0 + $1.attempt.pending.count } }

  /// Whether it is to be said that rows are held: it was not for a while.
  mutating func isNews(at now: ContinuousClock.Instant) -> Bool {
    if let lastSaid, now - lastSaid < .seconds(30) { return false }
    lastSaid = now
    return true
  }

  /// The budgets that were held when somebody last looked.
  var budgets: Set<BudgetID> { attempts.reduce(into: []) { $0.formUnion($1.budgets) } }

  /// When the first of those who wait must have an answer.
  var earliestDeadline: ContinuousClock.Instant {
    attempts.lazy.map(\.attempt.earliestDeadline).min() ?? .now
  }

  mutating func add(_ attempt: Attempt, for budgets: Set<BudgetID>) {
    add(Held(attempt: attempt, budgets: budgets))
  }

  /// Takes over what is to be tried again after a pause.
  mutating func postpone(_ attempt: Attempt) {
    add(Held(attempt: attempt, budgets: [], due: .now + attempt.pauseBeforeNextTry))
  }

  private mutating func add(_ held: Held) {
    if attempts.isEmpty { lastLook = .now }
    attempts.append(held)
  }

  /// Takes those over that are about budgets which are held.
  ///
  /// - Returns: the others, in their order.
  mutating func divert(_ batch: [PendingOperation]) -> [PendingOperation] {
    guard !attempts.isEmpty else { return batch }
    let held = budgets
    var (free, waiting) = Attempt(pending: batch).parted { _, operation in
      !held.isDisjoint(with: operation.budgetIDs)
    }
    if !waiting.pending.isEmpty {
      waiting.note("somebody else holds the budget's row")
      let budgets = held.intersection(waiting.pending.flatMap(\.operation.budgetIDs))
      attempts.append(Held(attempt: waiting, budgets: budgets))
    }
    return free.pending
  }

  /// Whether it is time to look again; then it is noted that somebody did.
  mutating func isDue(at now: ContinuousClock.Instant) -> Bool {
    guard !attempts.isEmpty, now - lastLook >= HeldRequests.interval else { return false }
    lastLook = now
    return true
  }

  /// Gives those back that wait for nothing any more, in their order.
  mutating func takeFreed(stillHeld: Set<BudgetID>, at now: ContinuousClock.Instant) -> [Attempt] {
    func isFreed(_ held: Held) -> Bool {
      held.budgets.isDisjoint(with: stillHeld) && held.due <= now
    }
    let freed = attempts.filter(isFreed)
    attempts.removeAll(where: isFreed)
    return freed.map(\.attempt)
  }

  /// Answers those who have waited too long; everybody, if the lane is to end at once.
  mutating func letGo(at now: ContinuousClock.Instant, isEnding: Bool) {
    for index in attempts.indices { attempts[index].attempt.letGo(at: now, isEnding: isEnding) }
    attempts.removeAll { $0.attempt.pending.isEmpty }
  }
}
