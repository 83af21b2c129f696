// Windows and terms: what brings a budget up to date before it is looked at.

extension Batch {
  /// Brings a budget up to date: the reset that is due, then the policy's terms where they differ.
  mutating func apply(_ terms: Terms, to index: Int, origin: Origin) {
    if budgets[index].lastSequence == 0 {
      // The row may have been prepared for a charge before this one, which came to nothing.
      budgets[index].initialBalance = terms.initialBalance
      budgets[index].resetInterval = terms.resetInterval
      allocate(at: index, origin: origin, isNew: true)
    }
    resetIfDue(at: index, origin: origin)
    guard
      budgets[index].initialBalance != terms.initialBalance
        || budgets[index].resetInterval != terms.resetInterval
    else { return }
    let before = budgets[index].balance
    budgets[index].initialBalance = terms.initialBalance
    budgets[index].resetInterval = terms.resetInterval
    allocate(at: index, origin: origin, isNew: false, balanceBefore: before)
    // A shorter interval may already have passed.
    resetIfDue(at: index, origin: origin)
  }

  private mutating func allocate(
    at index: Int, origin: Origin, isNew: Bool, balanceBefore: Int64 = 0
  ) {
    if isNew {
      budgets[index].windowStartedAt = now
      budgets[index].windowSequence = 1
    }
    let budget = budgets[index]
    var detail = JSONObjectText()
    detail.put("initial_balance", budget.initialBalance.value)
    if let interval = budget.resetInterval {
      detail.put("reset_interval_microseconds", interval.microseconds)
    }
    detail.put("window_started_at", budget.windowStartedAt)
    record(.allocation, at: index, balanceBefore: balanceBefore, .none, origin, detail)
  }

  mutating func resetIfDue(at index: Int, origin: Origin) {
    guard let start = budgets[index].dueWindowStart(at: now) else { return }
    var detail = JSONObjectText()
    detail.put("trigger", "schedule")
    reset(at: index, windowStart: start, .none, origin, detail)
  }

  mutating func reset(
    at index: Int, windowStart: Timestamp, _ subject: Subject, _ origin: Origin,
    _ sharedDetail: JSONObjectText
  ) {
    let before = budgets[index].balance
    budgets[index].openWindow(at: windowStart)
    budgets[index].windowSequence = budgets[index].lastSequence + 1
    var detail = sharedDetail
    detail.put("window_started_at", windowStart)
    record(.reset, at: index, balanceBefore: before, subject, origin, detail)
  }
}
