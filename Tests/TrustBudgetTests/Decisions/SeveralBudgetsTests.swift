import Testing

@testable import TrustBudget

@Suite("A charge on several budgets")
struct SeveralBudgetsTests {
  @Test func `it takes from all, in the order of the rule, and numbers its parts`() throws {
    var ledger = MemoryLedger()
    let answer = ledger.decide(try charge("1", [terms(sre, cost: 2, of: 50), terms(alice)]))
    #expect(answer.taken?.map(\.budgetID.value) == [sre, alice])
    #expect(answer.taken?.map(\.remaining) == [48, 9])
    let charges = ledger.entries.filter { $0.kind == .charge }
    #expect(charges.map(\.part) == [1, 2])
    #expect(charges.map(\.budgetID.value) == [sre, alice])
    #expect(charges[0].detail("parts") == "2")
  }

  @Test(
    arguments: [
      (9, 1, nil), (10, 1, nil), (11, 1, alice), (1, 11, sre), (11, 11, alice),
    ] as [(Int64, Int64, String?)])
  func `it takes from none when one is short, and names the first that is`(
    aliceCost: Int64, sreCost: Int64, short: String?
  ) throws {
    var ledger = MemoryLedger()
    let answer = ledger.decide(
      try charge("1", [terms(alice, cost: aliceCost), terms(sre, cost: sreCost)]))
    #expect(answer.denial?.budgetID.value == short)
    let denials = ledger.entries.filter { $0.kind == .denial }
    #expect(denials.map(\.budgetID.value) == (short.map { [$0] } ?? []))
    if let short {
      #expect(answer.denial?.message.hasPrefix("Trust budget \(short) exhausted.") == true)
      #expect(ledger.budgets.values.allSatisfy { $0.balance == 10 })
      #expect(!ledger.entries.contains { $0.kind == .charge })
    }
  }

  @Test func `which budget is named follows the rule's order, not the order of the locks`() throws {
    var ledger = MemoryLedger()
    let terms = [try terms("z", cost: 11), try terms("a", cost: 11)]
    #expect(ledger.decide(try charge("1", terms)).denial?.budgetID.value == "z")
  }

  @Test func `an observed budget never denies the others, and an enforced one does`() throws {
    var ledger = MemoryLedger()
    let allowed = ledger.decide(
      try charge("1", [terms(sre, cost: 12, .observe), terms(alice, cost: 4)]))
    #expect(allowed.taken?.map(\.remaining) == [-2, 6])
    let denied = ledger.decide(
      try charge("2", [terms(sre, cost: 12, .observe), terms(alice, cost: 7)]))
    #expect(denied.denial?.budgetID.value == alice)
    #expect(ledger.budgets[try BudgetID(sre)]?.balance == -2)
  }
}

@Suite("An observed budget")
struct ObserveTests {
  @Test func `it always allows, goes below zero, and says what it would have done`() throws {
    var ledger = MemoryLedger()
    let answers = ledger.decide([
      try charge("1", terms(cost: 10, .observe)), try charge("2", terms(cost: 3, .observe)),
      try charge("3", terms(cost: 0, .observe)),
    ])
    #expect(answers.map(\.remaining) == [0, -3, -3])
    let charges = ledger.entries.filter { $0.kind == .charge }
    #expect(charges.map { $0.detail("enforcement") } == ["observe", "observe", "observe"])
    let decoded = try charges.map { try jsonObject($0.detail)["would_deny"] as? Bool }
    #expect(decoded == [false, true, false])
  }

  @Test func `an enforced charge on an overdrawn budget is denied with 0 left`() throws {
    var ledger = MemoryLedger()
    let answers = ledger.decide([
      try charge("1", terms(cost: 13, .observe)), try charge("2", terms(cost: 1)),
    ])
    #expect(answers[1].denial?.remaining == 0)
  }

  @Test func `enforced charges say nothing of enforcement`() throws {
    var ledger = MemoryLedger()
    _ = ledger.decide(try charge("1", terms()))
    #expect(ledger.entries.last?.detail("would_deny") == nil)
    #expect(ledger.entries.last?.detail("enforcement") == nil)
  }
}
