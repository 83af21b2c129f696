import Testing
import TrustBudgetTesting

@testable import TrustBudget

@Suite("A change of terms")
struct TermsChangeTests {
  @Test(arguments: [(100, 89), (20, 9), (11, 0)] as [(Int64, Int64)])
  func `it takes effect at the next charge, keeps what was spent, and writes one allocation`(
    initialBalance: Int64, remaining: Int64
  ) throws {
    var ledger = MemoryLedger()
    let id = try BudgetID(alice)
    _ = ledger.decide(try charge("1", terms(cost: 10, of: 10)))
    #expect(
      ledger.decide(try charge("2", terms(of: initialBalance))).remaining == remaining)
    #expect(ledger.kinds(of: id) == [.allocation, .charge, .allocation, .charge])
    let change = ledger.entries(of: id)[2]
    #expect(change.balanceBefore == 0 && change.balanceAfter == initialBalance - 10)
    _ = ledger.decide(try charge("3", terms(of: initialBalance)))
    #expect(ledger.kinds(of: id).filter { $0 == .allocation }.count == 2)
  }

  @Test func `a lower allocation than what was spent denies, and gives nothing back`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: 10, of: 100)))
    #expect(ledger.decide(try charge("2", terms(of: 5))).denial?.remaining == 0)
    #expect(ledger.decide(try charge("3", terms(of: 100))).remaining == 89)
  }

  @Test func `another cost or enforcement is no change of the budget`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide([
      try charge("1", terms(cost: 1)), try charge("2", terms(cost: 2)),
      try charge("3", terms(cost: 3, .observe)),
    ])
    #expect(ledger.kinds(of: try BudgetID(alice)) == [.allocation, .charge, .charge, .charge])
  }

  @Test(
    arguments: [
      // interval before, interval after, now; then what remains of 10 after 4 and 1, and the reset
      (24, 1, 0.5, 5, 1),
      (24, 1, 2.5, 9, 3),
      (24, 1, 1, 9, 2),
      (1, 24, 0.5, 5, 24),
      (1, 24, 2.5, 9, 26),
      (24, nil, 12, 5, nil),
      (24, nil, 36, 9, nil),
      (nil, 24, 12, 5, 24),
      (nil, 24, 60, 9, 72),
    ] as [(Double?, Double?, Double, Int64, Double?)])
  func `another interval counts from the open window's start`(
    before: Double?, after: Double?, now: Double, remaining: Int64, resetsAt: Double?
  ) throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: 4, every: before)))
    ledger.now = .newYear.after(hours: now)
    let receipt = try #require(ledger.decide(try charge("2", terms(every: after))).taken?.first)
    #expect(receipt.remaining == remaining)
    #expect(receipt.resetsAt == resetsAt.map { .newYear.after(hours: $0) })
    let kinds = ledger.kinds(of: try BudgetID(alice))
    #expect(kinds.filter { $0 == .allocation }.count == 2)
    #expect(kinds.filter { $0 == .reset }.count == (remaining == 9 ? 1 : 0))
  }

  @Test(arguments: [(nil, nil), (1, 24), (nil, 0.5)] as [(Double?, Double?)])
  func `two policies by turns never allow more than the larger allocation in one window`(
    oneInterval: Double?, otherInterval: Double?
  ) throws {
    var ledger = MemoryLedger()
    var generator = SeededGenerator(seed: 3)
    var allowed: Int64 = 0
    for number in 0..<300 {
      let cost = Int64.random(in: 1...3, using: &generator)
      let terms =
        number.isMultiple(of: 2)
        ? try terms(cost: cost, of: 10, every: oneInterval)
        : try terms(cost: cost, of: 100, every: otherInterval)
      if ledger.decide(try charge("\(number)", terms)).taken != nil { allowed += cost }
    }
    #expect(allowed == 100)
  }

  @Test func `two policies by turns reset no oftener than the shorter interval says`() throws {
    var ledger = MemoryLedger()
    for number in 0..<200 {
      ledger.now = .newYear.after(hours: Double(number) * 0.1)
      let hours = number.isMultiple(of: 2) ? 1.5 : 1
      _ = ledger.decide(try charge("\(number)", terms(every: hours)))
    }
    let resets = ledger.kinds(of: try BudgetID(alice)).filter { $0 == .reset }.count
    #expect((13...19).contains(resets))
  }
}
