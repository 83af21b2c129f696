// What administrators do: points for this window, or a new one.

extension Batch {
  mutating func decide(_ adjustment: Adjustment) -> Answer {
    guard let index = existing(adjustment.budgetID) else {
      return .rejected(.noSuchBudget(adjustment.budgetID))
    }
    if let answer = earlier(adjustment.requestID, adjustment.content, at: index) { return answer }
    // An update that is out of range must not even write the reset that would be due before it.
    let current = budgets[index].afterDueReset(at: now)
    guard current.isExact(adjustedBy: adjustment.points) else {
      return .rejected(.outOfRange(adjustment.budgetID))
    }
    resetIfDue(at: index, origin: adjustment.origin)
    let before = budgets[index].balance
    budgets[index].adjustment += adjustment.points
    var detail = JSONObjectText()
    detail.put("request", adjustment.content.fingerprint)
    detail.put("points", adjustment.points)
    detail.put("reason", adjustment.reason)
    record(
      .adjustment, at: index, balanceBefore: before,
      Subject(requestID: adjustment.requestID.value), adjustment.origin, detail)
    known.changes[adjustment.requestID] = adjustment.content
    return .changed(budgets[index], replayed: false)
  }

  mutating func decide(_ reset: AdministrativeReset) -> Answer {
    guard let index = existing(reset.budgetID) else {
      return .rejected(.noSuchBudget(reset.budgetID))
    }
    if let answer = earlier(reset.requestID, reset.content, at: index) { return answer }
    resetIfDue(at: index, origin: reset.origin)
    var detail = JSONObjectText()
    detail.put("trigger", "administrator")
    detail.put("request", reset.content.fingerprint)
    detail.put("reason", reset.reason)
    // Scheduled resets stay on their grid; where there are none, the window begins when it does.
    let start = budgets[index].resetInterval == nil ? now : budgets[index].windowStartedAt
    self.reset(
      at: index, windowStart: start, Subject(requestID: reset.requestID.value), reset.origin, detail
    )
    known.changes[reset.requestID] = reset.content
    return .changed(budgets[index], replayed: false)
  }

  private func existing(_ id: BudgetID) -> Int? {
    indexes[id].flatMap { budgets[$0].lastSequence > 0 ? $0 : nil }
  }

  private func earlier(_ id: RequestID, _ content: RequestContent, at index: Int) -> Answer? {
    if charge(of: id) != nil { return .rejected(.requestMismatch(id)) }
    guard let earlier = known.changes[id] else { return nil }
    return earlier == content
      ? .changed(budgets[index].afterDueReset(at: now), replayed: true)
      : .rejected(.requestMismatch(id))
  }
}
