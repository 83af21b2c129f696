import Testing

@testable import TrustBudget

@Suite("A refund")
struct RefundTests {
  /// A ledger where alice spent 3 of 10 points as "1", and 2 as "2".
  private func spent(every hours: Double? = 24) throws -> MemoryLedger {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: 3, every: hours)))
    _ = ledger.decide(try charge("2", terms(cost: 2, every: hours)))
    return ledger
  }

  private func balance(_ ledger: MemoryLedger) throws -> Int64? {
    ledger.budgets[try BudgetID(alice)]?.balance
  }

  private func returned(_ entry: Entry?) throws -> Bool? {
    try jsonObject(try #require(entry).detail)["returned"] as? Bool
  }

  @Test func `it gives the points back while the window is open`() throws {
    var ledger = try spent()
    ledger.now = .newYear.after(hours: 23.9)
    let record = try #require(ledger.decide(try refund("1")).charge?.record)
    #expect(record.state == .refunded && record.refundedAt == ledger.now)
    #expect(try balance(ledger) == 8)
    let entry = try #require(ledger.entries.last)
    #expect(entry.kind == .refund && entry.cost == 3)
    #expect(entry.balanceBefore == 5 && entry.balanceAfter == 8)
    #expect(try returned(entry) == true)
    #expect(entry.detail("reason") == "signing failed")
  }

  @Test(arguments: [false, true])
  func `it is given once, however often it is asked`(inOneBatch: Bool) throws {
    var ledger = try spent()
    let request = try refund("1")
    let answers =
      inOneBatch
      ? ledger.decide([request, request]) : [request, request].map { ledger.decide($0) }
    #expect(answers[0].charge?.isReplayed == false)
    #expect(answers[1].charge?.isReplayed == true)
    #expect(answers[0].charge?.record == answers[1].charge?.record)
    #expect(try balance(ledger) == 8)
  }

  @Test func `after the window's end it gives nothing: the reset gave it back already`() throws {
    var ledger = try spent()
    ledger.now = .newYear.after(hours: 24)
    #expect(ledger.decide(try refund("1")).charge?.record.state == .refunded)
    #expect(try balance(ledger) == 10)
    #expect(Array(ledger.kinds(of: try BudgetID(alice)).suffix(2)) == [.reset, .refund])
    #expect(try returned(ledger.entries.last) == false)
  }

  @Test func `after an administrator's reset, too, though the clock stands still`() throws {
    var ledger = try spent(every: nil)
    let answers = ledger.decide([
      try reset("r"), try charge("3", terms(cost: 4)), try refund("1"), try refund("3"),
    ])
    #expect(answers[1].remaining == 6)
    #expect(try balance(ledger) == 10)
    #expect(try ledger.entries.suffix(2).map { try returned($0) } == [false, true])
  }

  @Test func `a clock that went backwards doesn't bring an old window's points to the new one`()
    throws
  {
    var ledger = try spent()
    ledger.now = .newYear.after(hours: 24)
    _ = ledger.decide(try charge("3", terms(cost: 5, every: 24)))
    ledger.now = .newYear.after(hours: 23)
    _ = ledger.decide(try refund("1"))
    #expect(try balance(ledger) == 5)
  }

  @Test(arguments: [false, true])
  func `after a settlement only an administrator refunds`(byAdministrator: Bool) throws {
    var ledger = try spent()
    _ = ledger.decide(try settlement("1"))
    let answer = ledger.decide(try refund("1", byAdministrator: byAdministrator))
    #expect(try balance(ledger) == (byAdministrator ? 8 : 5))
    if byAdministrator {
      let record = try #require(answer.charge?.record)
      #expect(record.state == .refunded && record.certificate == certificate())
    } else {
      #expect(answer.rejection == .alreadySettled(try RequestID("1"), with: certificate()))
    }
  }

  @Test func `a charge on several budgets comes back to each, by each budget's own window`() throws
  {
    var ledger = MemoryLedger()
    let both = [try terms(alice, cost: 3, every: 1), try terms(sre, cost: 4, every: 24)]
    _ = ledger.decide(try charge("1", both))
    ledger.now = .newYear.after(hours: 1.5)
    _ = ledger.decide(try refund("1", of: [alice, sre]))
    #expect(ledger.budgets.values.allSatisfy { $0.balance == 10 })
    let refunds = ledger.entries.filter { $0.kind == .refund }
    #expect(refunds.map(\.part) == [1, 2])
    #expect(try refunds.map { try returned($0) } == [false, true])
  }

  @Test func `an observed charge below zero comes back, too`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: 15, .observe)))
    _ = ledger.decide(try refund("1"))
    #expect(try balance(ledger) == 10)
  }

  @Test func `what was never charged can't be refunded`() throws {
    var ledger = try spent()
    #expect(ledger.decide(try refund("9")).rejection == .noSuchCharge(try RequestID("9")))
    _ = ledger.decide(try charge("9", terms(cost: 99)))
    #expect(ledger.decide(try refund("9")).rejection == .noSuchCharge(try RequestID("9")))
  }
}
