// Charges: all or none, and never twice.

extension Batch {
  mutating func decide(_ charge: Charge) -> Answer {
    if let earlier = self.charge(of: charge.requestID) {
      guard charge.content.fingerprint == earlier.request else {
        return .rejected(.requestMismatch(charge.requestID))
      }
      // A refunded charge pays for nothing; replaying its receipt would be a free certificate.
      guard earlier.state != .refunded else {
        return .rejected(.alreadyRefunded(charge.requestID))
      }
      return .charged(earlier, replayed: true)
    }
    if known.changes[charge.requestID] != nil {
      return .rejected(.requestMismatch(charge.requestID))
    }

    var locked: [Int] = []
    locked.reserveCapacity(charge.terms.count)
    for terms in charge.terms {
      guard let index = indexes[terms.budgetID] else {
        return .rejected(.noSuchBudget(terms.budgetID))
      }
      guard !isOutOfRange(terms, at: index) else {
        return .rejected(.outOfRange(terms.budgetID))
      }
      locked.append(index)
    }
    for (index, terms) in zip(locked, charge.terms) {
      apply(terms, to: index, origin: charge.origin)
    }
    for (index, terms) in zip(locked, charge.terms)
    where terms.enforcement == .enforce && isShort(budgets[index], of: terms.cost) {
      return .denied(deny(charge, terms, at: index))
    }
    return .charged(take(charge, from: locked), replayed: false)
  }

  /// A request that costs nothing asks for nothing, and is never refused.
  private func isShort(_ budget: Budget, of cost: Points) -> Bool {
    cost > .zero && budget.balance < cost.value
  }

  /// Whether a charge would leave the range that is kept exactly. Known before anything is written:
  /// a reset that is due makes room, and a charge that will be denied needs none.
  private func isOutOfRange(_ terms: Terms, at index: Int) -> Bool {
    // No reset, and no denial, can matter to what is in range anyway.
    if budgets[index].adjustment == 0, budgets[index].spent <= Points.maximum - terms.cost.value {
      return false
    }
    var budget = budgets[index].afterDueReset(at: now)
    budget.initialBalance = terms.initialBalance
    budget.resetInterval = terms.resetInterval
    budget = budget.afterDueReset(at: now)
    if terms.enforcement == .observe || !isShort(budget, of: terms.cost) {
      budget.spent += terms.cost.value
    }
    return !budget.isExact(adjustedBy: 0)
  }

  private mutating func deny(_ charge: Charge, _ terms: Terms, at index: Int) -> Denial {
    let budget = budgets[index]
    var detail = JSONObjectText()
    detail.put("request", charge.content.fingerprint)
    if let resetsAt = budget.resetsAt { detail.put("resets_at", resetsAt.roundedUpToSecond) }
    record(
      .denial, at: index, balanceBefore: budget.balance,
      Subject(
        username: charge.username.value, cost: terms.cost.value, requestID: charge.requestID.value),
      charge.origin, detail)
    return Denial(
      budgetID: budget.id, cost: terms.cost, remaining: max(0, budget.balance),
      resetsAt: budget.resetsAt?.roundedUpToSecond, decidedAt: now,
      namesBudget: charge.terms.count > 1 || charge.grant?.listsBudgets == true)
  }

  private mutating func take(_ charge: Charge, from locked: [Int]) -> ChargeRecord {
    var receipts: [Receipt] = []
    receipts.reserveCapacity(locked.count)
    for (part, (index, terms)) in zip(locked, charge.terms).enumerated() {
      let before = budgets[index].balance
      let resetsAt = budgets[index].resetsAt?.roundedUpToSecond
      var detail = part == 0 ? charge.sharedDetail : JSONObjectText()
      if let resetsAt { detail.put("resets_at", resetsAt) }
      if terms.enforcement == .observe {
        detail.put("enforcement", terms.enforcement.rawValue)
        detail.put("would_deny", isShort(budgets[index], of: terms.cost))
      }
      budgets[index].spent += terms.cost.value
      record(
        .charge, at: index, balanceBefore: before,
        Subject(
          username: charge.username.value, cost: terms.cost.value,
          requestID: charge.requestID.value, part: Int16(part + 1)),
        charge.origin, detail)
      receipts.append(
        Receipt(
          budgetID: terms.budgetID, cost: terms.cost, remaining: budgets[index].balance,
          resetsAt: resetsAt, sequence: budgets[index].lastSequence))
    }
    return ChargeRecord(
      requestID: charge.requestID, request: charge.content.fingerprint,
      username: charge.username.value, rule: charge.origin.rule, grant: charge.grant,
      receipts: receipts, chargedAt: now)
  }
}
