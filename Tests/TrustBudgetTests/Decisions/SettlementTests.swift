import Testing

@testable import TrustBudget

@Suite("A settlement")
struct SettlementTests {
  @Test func `it is recorded with the certificate, and moves no points`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(cost: 3)))
    ledger.now = .newYear.after(hours: 1)
    let record = try #require(ledger.decide(try settlement("1")).charge?.record)
    #expect(record.state == .settled)
    #expect(record.certificate == certificate())
    #expect(record.settledAt == ledger.now && record.chargedAt == .newYear)
    let entry = try #require(ledger.entries.last)
    #expect(entry.kind == .settlement && entry.cost == 3 && entry.username == "alice")
    #expect(entry.balanceBefore == 7 && entry.balanceAfter == 7)
    let detail = try jsonObject(entry.detail)["certificate"] as? [String: String]
    #expect(detail == ["serial": "1", "key_id": "alice", "fingerprint": "SHA256:abc"])
  }

  @Test func `settling twice with the same certificate changes nothing; with another is an error`()
    throws
  {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms()))
    let first = try #require(ledger.decide(try settlement("1")).charge?.record)
    let count = ledger.entries.count
    #expect(ledger.decide(try settlement("1")) == .settled(first, replayed: true))
    let other = ledger.decide(try settlement("1", serial: "2"))
    #expect(
      other.rejection
        == .alreadySettled(
          try RequestID("1"), with: certificate(), not: certificate(serial: "2")))
    #expect(ledger.entries.count == count)
  }

  @Test func `each budget of the charge gets its entry`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", [terms(alice), terms(sre, cost: 2)]))
    _ = ledger.decide(try settlement("1", of: [alice, sre]))
    let settlements = ledger.entries.filter { $0.kind == .settlement }
    #expect(settlements.map(\.budgetID.value) == [alice, sre])
    #expect(settlements.map(\.part) == [1, 2])
    #expect(settlements.map(\.cost) == [1, 2])
  }

  @Test func `a settlement after the window has passed resets nothing`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms(every: 1)))
    ledger.now = .newYear.after(hours: 2)
    _ = ledger.decide(try settlement("1"))
    #expect(ledger.kinds(of: try BudgetID(alice)) == [.allocation, .charge, .settlement])
  }

  @Test func `what was never charged, was denied or was given back can't be settled`() throws {
    var ledger = MemoryLedger()
    let id = try RequestID("1")
    #expect(ledger.decide(try settlement("1")).rejection == .noSuchCharge(id))
    _ = ledger.decide(try charge("1", terms(cost: 11)))
    #expect(ledger.decide(try settlement("1")).rejection == .noSuchCharge(id))
    _ = ledger.decide(try charge("1", terms(cost: 1)))
    _ = ledger.decide(try refund("1"))
    #expect(ledger.decide(try settlement("1")).rejection == .alreadyRefunded(id))
  }

  @Test func `a rejection names the request or the budget that it is about`() throws {
    let id = try RequestID("1")
    let budget = try BudgetID(alice)
    let ofRequests: [Rejection] = [
      .requestMismatch(id), .noSuchCharge(id), .alreadySettled(id, with: certificate()),
      .alreadySettled(id, with: nil), .alreadyRefunded(id),
    ]
    #expect(ofRequests.allSatisfy { $0.description.contains(" 1") })
    let ofBudgets: [Rejection] = [.noSuchBudget(budget), .outOfRange(budget)]
    #expect(ofBudgets.allSatisfy { $0.description.contains("budget user:alice") })
  }
}
