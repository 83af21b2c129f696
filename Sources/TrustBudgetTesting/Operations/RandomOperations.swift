import TrustBudget

/// Operations of every kind, as careless callers and busy administrators would send them: ids are
/// used again, for the same request and for others; two policies are in force at once.
package struct RandomOperations: Sendable {
  private struct NamedBudget: Sendable {
    let name: String
    /// Microseconds; some never reset, the others do a few times a second or every few seconds.
    let interval: Int64?
    /// The interval that another version of the policy gives it.
    let otherInterval: Int64?
  }

  private static let intervals = [nil, 150_000, 400_000, 2_000_000, 90_000] as [Int64?]

  private let budgets: [NamedBudget]
  private let name: String
  private var generator: SeededGenerator
  private var made = 0

  /// - Parameters:
  ///   - seed: what all else follows from.
  ///   - name: what the ids of requests begin with; another one for each caller.
  package init(seed: UInt64, name: String, budgets: Int) {
    self.name = name
    let intervals = RandomOperations.intervals
    self.budgets = (0..<budgets).map { number in
      NamedBudget(
        name: number.isMultiple(of: 5) ? "group:g\(number)" : "user:u\(number)",
        interval: intervals[number % 5], otherInterval: intervals[(number + 1) % 5])
    }
    generator = SeededGenerator(seed: seed)
  }

  /// The next operation.
  ///
  /// - Parameter sent: operations sent before, by anybody: what may be repeated, settled, refunded.
  package mutating func next(
    after sent: [TrustBudget.Operation]
  ) throws -> TrustBudget.Operation {
    made += 1
    let id = "\(name)-\(made)"
    guard !sent.isEmpty else { return try charge(id) }
    let earlier = generator.pick(sent)
    switch Int.random(in: 0..<100, using: &generator) {
    case 0..<50: return try charge(id)
    case 50..<54: return try charge(earlier.requestID.value)
    case 54..<62: return earlier
    case 62..<74:
      return try .settling(
        earlier.requestID.value, of: earlier.budgetIDs.map(\.value),
        serial: generator.chance(90) ? "1" : "2")
    case 74..<88:
      return try .refunding(
        earlier.requestID.value, of: earlier.budgetIDs.map(\.value),
        byAdministrator: generator.chance(30))
    case 88..<95:
      let points = generator.pick([-20, -3, 1, 5, 30] as [Int64])
      return try .adjusting(budget(), by: points, requestID: administrativeID(id, earlier))
    default:
      return try .resetting(budget(), requestID: administrativeID(id, earlier))
    }
  }

  private mutating func charge(_ id: String) throws -> TrustBudget.Operation {
    let count = generator.chance(75) ? 1 : Int.random(in: 2...4, using: &generator)
    let terms = try budgets.shuffled(using: &generator).prefix(count).map { try randomTerms($0) }
    return try .charging(terms, requestID: id, content: "\(made)")
  }

  private mutating func randomTerms(_ budget: NamedBudget) throws -> Terms {
    let isOtherPolicy = generator.chance(10)
    let interval = isOtherPolicy ? budget.otherInterval : budget.interval
    return try .of(
      budget.name, cost: Int64.random(in: 0...8, using: &generator),
      initialBalance: isOtherPolicy ? 100 : 40,
      resetInterval: try interval.map { try ResetInterval(microseconds: $0) },
      enforcement: generator.chance(10) ? .observe : .enforce)
  }

  private mutating func budget() -> String {
    generator.chance(3) ? "user:nobody" : generator.pick(budgets).name
  }

  private mutating func administrativeID(_ id: String, _ earlier: TrustBudget.Operation) -> String {
    generator.chance(90) ? id : earlier.requestID.value
  }
}
