@testable import TrustBudget

/// The ledger's rules once more, as plainly as they can be said: no entries, no hashes, no figure
/// that could be derived. What a budget has is its allocation and all that moved in its window.
struct PlainLedger {
  struct PlainBudget {
    var initialBalance: Int64
    var interval: Int64?
    var windowStart: Int64
    var window = 0
    var moves: [Int: [Int64]] = [:]

    var balance: Int64 { moves[window, default: []].reduce(initialBalance, +) }

    mutating func roll(to now: Int64) {
      let before = windowStart
      while let interval, now >= windowStart + interval { windowStart += interval }
      if windowStart != before { window += 1 }
    }
  }

  struct PlainCharge {
    let content: String
    let parts: [(budget: String, cost: Int64, window: Int)]
    let remaining: [Int64]
    var certificate: Certificate?
    var isRefunded = false
  }

  enum Outcome: Equatable {
    case charged([Int64], replayed: Bool)
    case denied(String, remaining: Int64)
    case settled(replayed: Bool)
    case refunded(replayed: Bool)
    case changed(balance: Int64, replayed: Bool)
    case rejected(Rejection)
  }

  private(set) var budgets: [String: PlainBudget] = [:]
  private(set) var charges: [RequestID: PlainCharge] = [:]
  private var changes: [RequestID: String] = [:]

  mutating func decide(_ operation: TrustBudget.Operation, at now: Timestamp) -> Outcome {
    switch operation {
    case .charge(let charge): decide(charge, at: now.microseconds)
    case .settlement(let settlement): decide(settlement)
    case .refund(let refund): decide(refund, at: now.microseconds)
    case .adjustment(let adjustment):
      change(
        adjustment.budgetID, adjustment.requestID,
        content: "adjustment \(adjustment.points) \(adjustment.reason)", at: now.microseconds
      ) { $0.moves[$0.window, default: []].append(adjustment.points) }
    case .reset(let reset):
      change(
        reset.budgetID, reset.requestID, content: "reset \(reset.reason)", at: now.microseconds
      ) {
        $0.window += 1
        if $0.interval == nil { $0.windowStart = now.microseconds }
      }
    }
  }

  private mutating func decide(_ charge: Charge, at now: Int64) -> Outcome {
    let id = charge.requestID
    if let earlier = charges[id] {
      if earlier.content != charge.content.fingerprint { return .rejected(.requestMismatch(id)) }
      if earlier.isRefunded { return .rejected(.alreadyRefunded(id)) }
      return .charged(earlier.remaining, replayed: true)
    }
    if changes[id] != nil { return .rejected(.requestMismatch(id)) }
    for terms in charge.terms {
      var budget =
        budgets[terms.budgetID.value]
        ?? PlainBudget(
          initialBalance: terms.initialBalance.value, interval: terms.resetInterval?.microseconds,
          windowStart: now)
      budget.roll(to: now)
      budget.initialBalance = terms.initialBalance.value
      budget.interval = terms.resetInterval?.microseconds
      budget.roll(to: now)
      budgets[terms.budgetID.value] = budget
    }
    for terms in charge.terms where terms.enforcement == .enforce && terms.cost > .zero {
      let balance = budgets[terms.budgetID.value]?.balance ?? 0
      if balance < terms.cost.value {
        return .denied(terms.budgetID.value, remaining: max(0, balance))
      }
    }
    var parts: [(budget: String, cost: Int64, window: Int)] = []
    for terms in charge.terms {
      let name = terms.budgetID.value
      let window = budgets[name]?.window ?? 0
      budgets[name]?.moves[window, default: []].append(-terms.cost.value)
      parts.append((name, terms.cost.value, window))
    }
    let remaining = parts.map { budgets[$0.budget]?.balance ?? 0 }
    charges[id] = PlainCharge(
      content: charge.content.fingerprint, parts: parts, remaining: remaining)
    return .charged(remaining, replayed: false)
  }

  private mutating func decide(_ settlement: Settlement) -> Outcome {
    let id = settlement.requestID
    guard let charge = charges[id] else { return .rejected(.noSuchCharge(id)) }
    if charge.certificate == settlement.certificate { return .settled(replayed: true) }
    if charge.isRefunded { return .rejected(.alreadyRefunded(id)) }
    if charge.certificate != nil {
      return .rejected(
        .alreadySettled(id, with: charge.certificate, not: settlement.certificate))
    }
    charges[id]?.certificate = settlement.certificate
    return .settled(replayed: false)
  }

  private mutating func decide(_ refund: Refund, at now: Int64) -> Outcome {
    let id = refund.requestID
    guard let charge = charges[id] else { return .rejected(.noSuchCharge(id)) }
    if charge.isRefunded { return .refunded(replayed: true) }
    if charge.certificate != nil && !refund.byAdministrator {
      return .rejected(.alreadySettled(id, with: charge.certificate))
    }
    for part in charge.parts {
      budgets[part.budget]?.roll(to: now)
      // Given back to the window that it was taken from, open or not.
      budgets[part.budget]?.moves[part.window, default: []].append(part.cost)
    }
    charges[id]?.isRefunded = true
    return .refunded(replayed: false)
  }

  private mutating func change(
    _ budgetID: BudgetID, _ id: RequestID, content: String, at now: Int64,
    _ change: (inout PlainBudget) -> Void
  ) -> Outcome {
    let name = budgetID.value
    guard var budget = budgets[name] else { return .rejected(.noSuchBudget(budgetID)) }
    if charges[id] != nil { return .rejected(.requestMismatch(id)) }
    let earlier = changes[id]
    if let earlier, earlier != "\(name) \(content)" { return .rejected(.requestMismatch(id)) }
    budget.roll(to: now)
    if earlier == nil {
      change(&budget)
      budgets[name] = budget
      changes[id] = "\(name) \(content)"
    }
    return .changed(balance: budget.balance, replayed: earlier != nil)
  }
}
