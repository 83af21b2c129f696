import Testing

@testable import TrustBudget

@Suite("Figures at the end of the range")
struct RangeTests {
  private let most = Points.maximum

  @Test func `a budget of 2^53 - 1 points can be spent whole, is then exhausted, and comes back`()
    throws
  {
    var ledger = MemoryLedger()
    #expect(ledger.decide(try charge("1", terms(cost: most, of: most, every: 24))).remaining == 0)
    #expect(ledger.decide(try charge("2", terms(of: most, every: 24))).denial?.remaining == 0)
    ledger.now = .newYear.after(hours: 24)
    #expect(ledger.decide(try charge("3", terms(of: most, every: 24))).remaining == most - 1)
  }

  @Test func `a shorter interval makes room before the range is looked at`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: most, of: most)))
    ledger.now = .newYear.after(hours: 2)
    #expect(ledger.decide(try charge("2", terms(of: 10, every: 1, .observe))).remaining == 9)
  }

  @Test func `what would be spent beyond it is refused, and writes nothing`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: most, .observe)))
    let count = ledger.entries.count
    let answer = ledger.decide(try charge("2", [terms(sre), terms(alice, of: 20, .observe)]))
    #expect(answer.rejection == .outOfRange(try BudgetID(alice)))
    #expect(ledger.entries.count == count)
    #expect(ledger.budgets[try BudgetID(sre)] == nil)
    #expect(ledger.decide(try charge("3", terms(cost: 0, .observe))).remaining == 10 - most)
  }

  @Test func `an adjustment beyond it is refused, and does not even write the reset that is due`()
    throws
  {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(every: 24)))
    #expect(ledger.decide(try adjustment("2", of: most - 10)).changed != nil)
    let count = ledger.entries.count
    #expect(
      ledger.decide(try adjustment("3", of: 1)).rejection == .outOfRange(try BudgetID(alice)))
    #expect(ledger.entries.count == count)
    ledger.now = .newYear.after(hours: 24)
    #expect(ledger.decide(try adjustment("4", of: most - 10)).changed?.budget.balance == most)
  }

  @Test func `neither more points allocated nor points given back take a balance beyond it`() throws
  {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: 5, of: 10)))
    #expect(ledger.decide(try adjustment("2", of: most - 9)).rejection != nil)
    #expect(ledger.decide(try adjustment("3", of: most - 10)).changed?.budget.balance == most - 5)
    let raised = try charge("4", terms(of: 11))
    #expect(ledger.decide(raised).rejection == .outOfRange(try BudgetID(alice)))
    #expect(ledger.decide(try charge("5", terms(of: 10))).remaining == most - 6)
  }

  @Test func `a balance below zero stays within it as well`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(of: 10)))
    #expect(ledger.decide(try adjustment("2", of: -most)).changed?.budget.balance == 9 - most)
    #expect(
      ledger.decide(try charge("3", terms(cost: 10, .observe))).rejection
        == .outOfRange(try BudgetID(alice)))
    #expect(ledger.decide(try charge("4", terms(cost: 9, .observe))).remaining == -most)
    #expect(ledger.decide(try charge("5", terms(cost: 9))).denial != nil)
  }
}
