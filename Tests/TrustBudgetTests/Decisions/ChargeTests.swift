import Testing

@testable import TrustBudget

@Suite("A charge on one budget")
struct ChargeTests {
  @Test func `the first charge makes the budget: its allocation is entry 1, the charge entry 2`()
    throws
  {
    var ledger = MemoryLedger()
    let id = try BudgetID(alice)
    let answer = ledger.decide(try charge("1", terms(cost: 3, of: 10, every: 24)))
    let receipt = Receipt(
      budgetID: id, cost: try Points(3), remaining: 7,
      resetsAt: .newYear.after(hours: 24), sequence: 2)
    #expect(answer.taken == [receipt])
    #expect(ledger.kinds(of: id) == [.allocation, .charge])
    let allocation = ledger.entries[0]
    #expect(allocation.balanceBefore == 0 && allocation.balanceAfter == 10)
    #expect(allocation.username == nil && allocation.requestID == nil)
    #expect(allocation.detail("initial_balance") == "10")
    #expect(allocation.detail("reset_interval_microseconds") == "86400000000")
    let taken = ledger.entries[1]
    #expect(taken.balanceBefore == 10 && taken.balanceAfter == 7 && taken.cost == 3)
    #expect(taken.username == "alice" && taken.requestID == "1" && taken.part == 1)
    #expect(ledger.budgets[id]?.windowStartedAt == .newYear)
    #expect(ledger.budgets[id]?.lastHash == taken.hash)
  }

  @Test func `a budget can be spent to exactly nothing, and not a point further`() throws {
    var ledger = MemoryLedger()
    let answers = ledger.decide([
      try charge("1", terms(cost: 4)), try charge("2", terms(cost: 7)),
      try charge("3", terms(cost: 6)), try charge("4", terms(cost: 1)),
    ])
    #expect(answers.map(\.remaining) == [6, nil, 0, nil])
    #expect(answers[1].denial?.remaining == 6)
    #expect(answers[3].denial?.remaining == 0)
  }

  @Test func `a denial takes nothing, and is recorded`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: 9)))
    let before = try #require(ledger.budgets[BudgetID(alice)])
    _ = ledger.decide(try charge("2", terms(cost: 2)))
    let after = try #require(ledger.budgets[BudgetID(alice)])
    #expect(after.balance == before.balance && after.spent == before.spent)
    #expect(after.lastSequence == before.lastSequence + 1)
    let entry = try #require(ledger.entries.last)
    #expect(entry.kind == .denial && entry.cost == 2 && entry.requestID == "2")
    #expect(entry.balanceBefore == 1 && entry.balanceAfter == 1)
  }

  @Test func `a budget of 0 points can be made, and denies`() throws {
    var ledger = MemoryLedger()
    #expect(ledger.decide(try charge("1", terms(of: 0))).denial?.remaining == 0)
    #expect(ledger.kinds(of: try BudgetID(alice)) == [.allocation, .denial])
  }

  @Test
  func `a cost of 0 is recorded and takes nothing, even from an exhausted or overdrawn budget`()
    throws
  {
    var ledger = MemoryLedger()
    let answers = ledger.decide([
      try charge("1", terms(cost: 10)), try charge("2", terms(cost: 0)),
      try charge("3", terms(cost: 0, of: 5)),
    ])
    #expect(answers.map(\.remaining) == [0, 0, -5])
    #expect(ledger.kinds(of: try BudgetID(alice)).filter { $0 == .charge }.count == 3)
  }

  @Test func `entries say who asked, under which rule of which policy, and where it was decided`()
    throws
  {
    var ledger = MemoryLedger()
    let digest = Digest(hashing: [1])
    let grant = SigningGrant(principals: ["user"], maxDuration: "15m", listsBudgets: false)
    _ = ledger.decide(
      try charge(
        "1", [terms()], grant: grant,
        origin: Origin(actor: "ca-1", rule: "Developer", policyDigest: digest)))
    #expect(ledger.entries.count == 2)
    for entry in ledger.entries {
      #expect(entry.actor == "ca-1" && entry.rule == "Developer" && entry.node == "node-1")
      #expect(entry.policyDigest == digest && entry.occurredAt == .newYear && entry.epoch == 1)
    }
  }

  @Test func `a budget is made from the terms of the charge that makes it, not of one that failed`()
    throws
  {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(sre)))
    let answers = ledger.decide([
      try charge("1", terms(alice, of: 500, every: 1), content: "other"),
      try charge("2", terms(alice, cost: 1, of: 10)),
    ])
    #expect(answers[0].rejection == .requestMismatch(try RequestID("1")))
    #expect(answers[1].remaining == 9)
    #expect(ledger.kinds(of: try BudgetID(alice)) == [.allocation, .charge])
  }

  @Test func `a charge names 1 to 16 budgets, none of them twice`() throws {
    #expect(throws: InvalidValue("must name 1 to 16 budgets")) { try charge("1", []) }
    let many = try (1...17).map { try terms("user:\($0)") }
    #expect(throws: InvalidValue("must name 1 to 16 budgets")) { try charge("1", many) }
    #expect(throws: InvalidValue("must not name one budget twice")) {
      try charge("1", [terms(), terms(cost: 2)])
    }
    var ledger = MemoryLedger()
    #expect(ledger.decide(try charge("1", Array(many.prefix(16)))).taken?.count == 16)
  }
}
