import TrustBudgetTesting

@testable import TrustBudget

/// Operations of every kind, as careless callers and busy administrators would send them: ids are
/// used again, for the same request and for others; two policies are in force at once.
struct RandomOperations {
  private static let budgets = ["user:alice", "user:bob", "group:sre", "group:dev", "host:db"]

  private var generator: SeededGenerator
  private var sent: [TrustBudget.Operation] = []
  private var charges: [RequestID] = []
  private var budgetsOfCharges: [RequestID: [BudgetID]] = [:]

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  /// Whether something happens that happens in `percent` of a hundred cases.
  mutating func chance(_ percent: Int) -> Bool { generator.chance(percent) }

  /// The time of the next batch: mostly minutes later, sometimes days, sometimes before `now`.
  mutating func time(after now: Timestamp) -> Timestamp {
    let minutes =
      switch Int.random(in: 0..<20, using: &generator) {
      case 0: Double.random(in: 0...4_320, using: &generator)
      case 1: Double.random(in: -30...0, using: &generator)
      case 2...5: 0.0
      default: Double.random(in: 0...20, using: &generator)
      }
    return now.after(hours: minutes / 60)
  }

  /// Up to 40 operations.
  ///
  /// - Parameter taken: the budgets that a stored charge took from, as a caller would look them up.
  mutating func batch(
    taken: (RequestID) -> [BudgetID]?
  ) throws -> [TrustBudget.Operation] {
    var batch: [TrustBudget.Operation] = []
    for _ in 0..<Int.random(in: 1...40, using: &generator) {
      let operation = try next(taken: taken)
      batch.append(operation)
      sent.append(operation)
    }
    return batch
  }

  private mutating func next(
    taken: (RequestID) -> [BudgetID]?
  ) throws -> TrustBudget.Operation {
    switch Int.random(in: 0..<100, using: &generator) {
    case 0..<58: return try randomCharge(RequestID("c\(sent.count)"))
    case 58..<61: return try randomCharge(generator.pick(sentIDs()))
    case 61..<66:
      // Sent again to the letter.
      let repeatable = sent.suffix(200).filter(\.isSentAgain)
      return repeatable.isEmpty
        ? try randomCharge(RequestID("c\(sent.count)")) : generator.pick(repeatable)
    case 66..<78: return .settlement(try randomSettlement(taken: taken))
    case 78..<91: return .refund(try randomRefund(taken: taken))
    case 91..<97:
      let id = try chance(90) ? RequestID("a\(sent.count)") : generator.pick(sentIDs())
      let points = generator.pick([-20, -3, 1, 5, 30] as [Int64])
      return try adjustment(id.value, of: points, to: administered())
    default:
      let id = try chance(90) ? RequestID("a\(sent.count)") : generator.pick(sentIDs())
      return try reset(id.value, of: administered())
    }
  }

  private mutating func randomCharge(_ id: RequestID) throws -> TrustBudget.Operation {
    let count = chance(70) ? 1 : Int.random(in: 2...3, using: &generator)
    let names = RandomOperations.budgets.shuffled(using: &generator).prefix(count)
    let terms = try names.map { try randomTerms($0) }
    if budgetsOfCharges[id] == nil { charges.append(id) }
    budgetsOfCharges[id, default: []] += terms.map(\.budgetID)
    return try charge(id.value, terms, content: "\(sent.count)")
  }

  private mutating func randomTerms(_ name: String) throws -> Terms {
    let isNewPolicy = chance(15)
    let hours = [nil, 1, 6, 24, 0.75][(name.utf8.count + (isNewPolicy ? 1 : 0)) % 5]
    return try terms(
      name, cost: Int64.random(in: 0...8, using: &generator), of: isNewPolicy ? 100 : 40,
      every: hours, chance(10) ? .observe : .enforce)
  }

  private mutating func randomSettlement(
    taken: (RequestID) -> [BudgetID]?
  ) throws -> Settlement {
    let id = try recentCharge()
    return Settlement(
      requestID: id, budgetIDs: budgets(of: id, taken),
      certificate: certificate(serial: chance(90) ? "1" : "2"), origin: Origin())
  }

  private mutating func randomRefund(taken: (RequestID) -> [BudgetID]?) throws -> Refund {
    let id = try recentCharge()
    return Refund(
      requestID: id, budgetIDs: budgets(of: id, taken), reason: chance(50) ? "failed" : nil,
      byAdministrator: chance(30), origin: Origin())
  }

  private func budgets(of id: RequestID, _ taken: (RequestID) -> [BudgetID]?) -> [BudgetID] {
    taken(id) ?? budgetsOfCharges[id, default: []]
  }

  private mutating func administered() -> String {
    chance(5) ? "user:nobody" : generator.pick(RandomOperations.budgets)
  }

  private mutating func recentCharge() throws -> RequestID {
    if charges.isEmpty || chance(2) { return try RequestID("never") }
    return chance(80) ? generator.pick(charges.suffix(30)) : generator.pick(charges)
  }

  private func sentIDs() throws -> [RequestID] {
    sent.isEmpty ? [try RequestID("first")] : sent.map(\.requestID)
  }
}

extension TrustBudget.Operation {
  /// Settlements and refunds meet their charges often enough without being sent again.
  fileprivate var isSentAgain: Bool {
    switch self {
    case .charge, .adjustment, .reset: true
    case .settlement, .refund: false
    }
  }
}
