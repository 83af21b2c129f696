import Testing

@testable import TrustBudget

@Suite("Asking twice")
struct IdempotencyTests {
  /// In one batch, or each in a batch of its own, perhaps on another node a month later.
  private func decide(
    _ operations: [TrustBudget.Operation], apart: Bool, _ ledger: inout MemoryLedger
  ) -> [Answer] {
    guard apart else { return ledger.decide(operations) }
    return operations.map { operation in
      defer { ledger.now = ledger.now.after(hours: 24 * 31) }
      return ledger.decide(operation)
    }
  }

  @Test(arguments: [false, true])
  func `the same request answers its first receipt and takes nothing`(apart: Bool) throws {
    var ledger = MemoryLedger()
    let principals = ["a\"b", "\u{E9}"]
    let grant = SigningGrant(principals: principals, maxDuration: "15m", listsBudgets: true)
    let both = [try terms(alice, cost: 3, every: 24), try terms(sre, cost: 0, .observe)]
    let request = try charge("1", both, grant: grant, origin: Origin(rule: "Developer"))
    let answers = decide([request, request, request], apart: apart, &ledger)
    let first = try #require(answers[0].charge)
    #expect(first.record.grant == grant && first.record.rule == "Developer")
    #expect(answers[1] == .charged(first.record, replayed: true))
    #expect(answers[2] == answers[1])
    #expect(ledger.entries.count == 4)
  }

  @Test(arguments: [false, true])
  func `a retry after a change of policy gets its original receipt`(apart: Bool) throws {
    var ledger = MemoryLedger()
    let answers = decide(
      [try charge("1", terms(cost: 3)), try charge("1", terms(sre, cost: 50, of: 1))],
      apart: apart, &ledger)
    #expect(answers[1].charge?.record == answers[0].charge?.record)
    #expect(answers[1].charge?.isReplayed == true)
    #expect(ledger.kinds(of: try BudgetID(sre)) == [])
  }

  @Test(arguments: [false, true])
  func `the same id with another request is refused and writes nothing`(apart: Bool) throws {
    var ledger = MemoryLedger()
    let answers = decide(
      [try charge("1", terms()), try charge("1", terms(), content: "other")], apart: apart, &ledger)
    #expect(answers[1].rejection == .requestMismatch(try RequestID("1")))
    #expect(ledger.entries.count == 2)
  }

  @Test(arguments: [false, true])
  func `a denied request is decided afresh under the same id`(apart: Bool) throws {
    var ledger = MemoryLedger()
    let answers = decide(
      [
        try charge("1", terms(cost: 11)), try charge("1", terms(cost: 11)),
        try adjustment("2", of: 5), try charge("1", terms(cost: 11)),
        try charge("1", terms(cost: 11)),
      ], apart: apart, &ledger)
    #expect(answers[0].denial != nil && answers[1].denial != nil)
    #expect(answers[3].remaining == 4)
    #expect(answers[4].charge?.isReplayed == true)
  }

  @Test(arguments: [false, true])
  func `a settled charge still answers its receipt`(apart: Bool) throws {
    var ledger = MemoryLedger()
    let answers = decide(
      [try charge("1", terms()), try settlement("1"), try charge("1", terms())],
      apart: apart, &ledger)
    #expect(answers[2].charge?.record.state == .settled)
    #expect(answers[2].charge?.record == answers[1].charge?.record)
  }

  @Test(arguments: [false, true])
  func `a refunded charge pays for nothing any more`(apart: Bool) throws {
    var ledger = MemoryLedger()
    let answers = decide(
      [
        try charge("1", terms()), try refund("1"), try charge("1", terms()),
        try charge("1", terms(), content: "other"),
      ], apart: apart, &ledger)
    #expect(answers[2].rejection == .alreadyRefunded(try RequestID("1")))
    #expect(answers[3].rejection == .requestMismatch(try RequestID("1")))
  }

  @Test(arguments: [false, true])
  func `one id is for one request, be it a charge or a change`(apart: Bool) throws {
    var ledger = MemoryLedger()
    let answers = decide(
      [
        try charge("c", terms()), try adjustment("a", of: 1), try reset("r"),
        try adjustment("c", of: 1), try reset("c"), try charge("a", terms()),
        try charge("r", terms()), try reset("a"), try adjustment("r", of: 1),
      ], apart: apart, &ledger)
    #expect(answers[0...2].allSatisfy { $0.rejection == nil })
    let expected = try ["c", "c", "a", "r", "a", "r"].map {
      Rejection.requestMismatch(try RequestID($0))
    }
    #expect(answers[3...].map(\.rejection) == expected)
  }

  @Test(arguments: [1, 2, 3])
  func `what a batch remembers is what the trail tells the next one`(budgets: Int) throws {
    var ledger = MemoryLedger()
    let ids = (1...budgets).map { "user:\($0)" }
    let request = try charge("1", ids.map { try terms($0, every: 24) }, origin: Origin(rule: "r"))
    var last: ChargeRecord?
    for operation in [
      request, try settlement("1", of: ids), try refund("1", of: ids, byAdministrator: true),
    ] {
      last = ledger.decide(operation).charge?.record
      let entries = try #require(ledger.entriesByRequest["1"])
      #expect(KnownRequests(entries: entries.reversed()).charges[try RequestID("1")] == last)
    }
    #expect(last?.state == .refunded)
  }

  @Test func `half a charge is none`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", [terms(alice), terms(sre)]))
    let parts = try #require(ledger.entriesByRequest["1"])
    #expect(ChargeRecord(entries: parts) != nil)
    #expect(ChargeRecord(entries: [parts[0]]) == nil)
    #expect(ChargeRecord(entries: [parts[1]]) == nil)
    #expect(ChargeRecord(entries: []) == nil)
  }
}
