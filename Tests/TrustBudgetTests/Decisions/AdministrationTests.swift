import Testing

@testable import TrustBudget

@Suite("An administrator's adjustment")
struct AdjustmentTests {
  @Test(arguments: [5, -5, -20] as [Int64])
  func `it adds or takes points for this window, below zero too`(points: Int64) throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: 4, every: 24)))
    let changed = try #require(ledger.decide(try adjustment("2", of: points)).changed)
    #expect(changed.budget.balance == 6 + points && !changed.isReplayed)
    let entry = try #require(ledger.entries.last)
    #expect(entry.kind == .adjustment && entry.requestID == "2" && entry.actor == "root")
    #expect(entry.balanceBefore == 6 && entry.balanceAfter == 6 + points)
    #expect(entry.detail("points") == "\(points)" && entry.detail("reason") == "incident")
    ledger.now = .newYear.after(hours: 24)
    #expect(ledger.decide(try charge("3", terms(every: 24))).remaining == 9)
  }

  @Test(arguments: [false, true])
  func `the same id does it once; another request under it is refused`(inOneBatch: Bool) throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", [terms(), terms(sre)]))
    let requests = [
      try adjustment("2", of: 5), try adjustment("2", of: 5), try adjustment("2", of: 6),
      try adjustment("2", of: 5, to: sre), try adjustment("2", of: 5, reason: "other"),
      try reset("2"),
    ]
    let answers = inOneBatch ? ledger.decide(requests) : requests.map { ledger.decide($0) }
    #expect(answers[0].changed?.isReplayed == false)
    #expect(answers[1].changed?.isReplayed == true)
    #expect(answers[1].changed?.budget == answers[0].changed?.budget)
    let mismatch = Rejection.requestMismatch(try RequestID("2"))
    #expect(answers[2...].allSatisfy { $0.rejection == mismatch })
    #expect(ledger.budgets[try BudgetID(alice)]?.adjustment == 5)
  }

  @Test func `it needs a budget that a charge has made`() throws {
    var ledger = MemoryLedger()
    let id = try BudgetID(alice)
    #expect(ledger.decide(try adjustment("1", of: 5)).rejection == .noSuchBudget(id))
    #expect(ledger.decide(try reset("1")).rejection == .noSuchBudget(id))
    let together = ledger.decide([
      try adjustment("1", of: 5), try reset("1"), try charge("2", terms()),
      try adjustment("1", of: 5),
    ])
    #expect(together.map(\.rejection) == [.noSuchBudget(id), .noSuchBudget(id), nil, nil])
  }

  @Test func `it comes after the reset that is due`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: 9, every: 24)))
    ledger.now = .newYear.after(hours: 30)
    #expect(ledger.decide(try adjustment("2", of: 1)).changed?.budget.balance == 11)
    #expect(
      ledger.kinds(of: try BudgetID(alice)) == [.allocation, .charge, .reset, .adjustment])
  }
}

@Suite("An administrator's reset")
struct AdministrativeResetTests {
  @Test func `it opens a new window now, and the scheduled resets stay on their grid`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide([
      try charge("1", terms(cost: 9, every: 24)), try adjustment("2", of: -3),
    ])
    ledger.now = .newYear.after(hours: 10)
    let budget = try #require(ledger.decide(try reset("3")).changed?.budget)
    #expect(budget.balance == 10 && budget.spent == 0 && budget.adjustment == 0)
    #expect(budget.windowStartedAt == .newYear && budget.windowSequence == budget.lastSequence)
    #expect(budget.resetsAt == .newYear.after(hours: 24))
    let entry = try #require(ledger.entries.last)
    #expect(entry.kind == .reset && entry.requestID == "3")
    #expect(entry.balanceBefore == -2 && entry.balanceAfter == 10)
    #expect(entry.detail("trigger") == "administrator")
  }

  @Test func `it works on a budget that never resets by itself`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: 9)))
    ledger.now = .newYear.after(hours: 10)
    let budget = try #require(ledger.decide(try reset("2")).changed?.budget)
    #expect(budget.resetsAt == nil && budget.windowStartedAt == .newYear.after(hours: 10))
    #expect(ledger.decide(try charge("3", terms(cost: 9))).remaining == 1)
  }

  @Test(arguments: [false, true])
  func `the same id does it once`(inOneBatch: Bool) throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: 9)))
    let requests = [try reset("2"), try charge("3", terms(cost: 4)), try reset("2")]
    let answers = inOneBatch ? ledger.decide(requests) : requests.map { ledger.decide($0) }
    #expect(answers[2].changed?.isReplayed == true)
    #expect(answers[2].changed?.budget.balance == 6)
    #expect(
      ledger.decide(try reset("2", reason: "other")).rejection
        == .requestMismatch(try RequestID("2")))
  }
}
