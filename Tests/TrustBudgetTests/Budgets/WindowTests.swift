import Testing

@testable import TrustBudget

@Suite("Windows")
struct WindowTests {
  private func budget(every hours: Double?, spent: Int64 = 7) throws -> Budget {
    Budget(
      id: try BudgetID(alice), initialBalance: try Points(10), adjustment: 2, spent: spent,
      resetInterval: try hours.map { try ResetInterval(hours: $0) }, windowStartedAt: .newYear,
      windowSequence: 1, lastSequence: 5)
  }

  @Test(
    arguments: [
      // interval, now, the new window's start; all in hours since the window began
      (24, 0, nil),
      (24, 23.999, nil),
      (24, 24, 24),
      (24, 24.001, 24),
      (24, 47.999, 24),
      (24, 60, 48),
      (24, 24 * 365, 24 * 365),
      (24, -1, nil),
      (24, -1_000, nil),
      (1, 2.5, 2),
      (0.5, 2.25, 2),
      (1.5, 4, 3),
      (nil, 1_000_000, nil),
    ] as [(Double?, Double, Double?)])
  func `windows stay on their grid, whenever the reset happens to be noticed`(
    interval: Double?, now: Double, start: Double?
  ) throws {
    let budget = try budget(every: interval)
    let expected = start.map { Timestamp.newYear.after(hours: $0) }
    #expect(budget.dueWindowStart(at: .newYear.after(hours: now)) == expected)
  }

  @Test func `a window ends exactly at its start plus the interval, to the microsecond`() throws {
    let budget = try budget(every: 24)
    let end = try #require(budget.resetsAt)
    #expect(end == .newYear.after(hours: 24))
    #expect(budget.dueWindowStart(at: Timestamp(microseconds: end.microseconds - 1)) == nil)
    #expect(budget.dueWindowStart(at: end) == end)
  }

  @Test func `reads show the balance as it would be after a due reset, and nothing else changes`()
    throws
  {
    let budget = try budget(every: 24)
    #expect(budget.balance == 5)
    #expect(budget.afterDueReset(at: .newYear.after(hours: 23)) == budget)
    let later = budget.afterDueReset(at: .newYear.after(hours: 60))
    #expect(later.balance == 10)
    #expect(later.spent == 0 && later.adjustment == 0)
    #expect(later.resetsAt == .newYear.after(hours: 72))
    #expect(later.lastSequence == budget.lastSequence && later.lastHash == budget.lastHash)
  }

  @Test func `a budget without an interval never resets`() throws {
    let budget = try budget(every: nil)
    #expect(budget.resetsAt == nil)
    #expect(budget.afterDueReset(at: .newYear.after(hours: 1e6)).balance == 5)
  }

  @Test func `a clock that goes backwards after a reset never reopens the old window`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: 10, every: 24)))
    ledger.now = .newYear.after(hours: 24)
    #expect(ledger.decide(try charge("2", terms(cost: 10, every: 24))).remaining == 0)
    ledger.now = .newYear.after(hours: 23.9)
    let denial = ledger.decide(try charge("3", terms(cost: 1, every: 24))).denial
    #expect(denial?.resetsAt == .newYear.after(hours: 48))
    ledger.now = .newYear.after(hours: 47.9)
    #expect(ledger.decide(try charge("4", terms(cost: 1, every: 24))).denial != nil)
    ledger.now = .newYear.after(hours: 48)
    #expect(ledger.decide(try charge("5", terms(cost: 1, every: 24))).remaining == 9)
  }

  @Test func `a due reset writes one entry, however many windows have passed`() throws {
    var ledger = MemoryLedger()
    let id = try BudgetID(alice)
    _ = ledger.decide(try charge("1", terms(cost: 4, every: 24)))
    ledger.now = .newYear.after(hours: 24 * 10 + 1)
    _ = ledger.decide(try charge("2", terms(cost: 1, every: 24)))
    #expect(ledger.kinds(of: id) == [.allocation, .charge, .reset, .charge])
    let reset = ledger.entries(of: id)[2]
    #expect(reset.balanceBefore == 6 && reset.balanceAfter == 10 && reset.requestID == nil)
    #expect(reset.detail("trigger") == "schedule")
    #expect(reset.detail("window_started_at") == "2026-01-11T00:00:00Z")
    #expect(ledger.budgets[id]?.windowSequence == 3)
  }
}
