import Testing

@testable import TrustBudget

@Suite("The denial message")
struct DenialMessageTests {
  struct Example: Sendable, CustomTestStringConvertible {
    var budget = alice
    let cost: Int64
    let remaining: Int64
    let resetsAt: Timestamp?
    var namesBudget = false
    let message: String

    var testDescription: String { message }
  }

  static let examples = [
    Example(
      cost: 1, remaining: 0, resetsAt: Timestamp.newYear.after(hours: 24),
      message: """
        Trust budget exhausted. This request requires 1 point; 0 remain. \
        Budget resets at 2026-01-02T00:00:00Z.
        """),
    Example(
      cost: 2, remaining: 1, resetsAt: nil,
      message: "Trust budget exhausted. This request requires 2 points; 1 remain."),
    Example(
      cost: 100, remaining: 99, resetsAt: nil,
      message: "Trust budget exhausted. This request requires 100 points; 99 remain."),
    Example(
      budget: sre, cost: 1, remaining: 0, resetsAt: nil, namesBudget: true,
      message: "Trust budget group:sre exhausted. This request requires 1 point; 0 remain."),
    Example(
      budget: sre, cost: 5, remaining: 4, resetsAt: .newYear, namesBudget: true,
      message: """
        Trust budget group:sre exhausted. This request requires 5 points; 4 remain. \
        Budget resets at 2026-01-01T00:00:00Z.
        """),
  ]

  @Test(arguments: examples)
  func `the message is the design's, word for word`(example: Example) throws {
    let denial = Denial(
      budgetID: try BudgetID(example.budget), cost: try Points(example.cost),
      remaining: example.remaining, resetsAt: example.resetsAt, decidedAt: .newYear,
      namesBudget: example.namesBudget)
    #expect(denial.message == example.message)
  }

  @Test func `a requester reads it from the decision, with the next whole second of the reset`()
    throws
  {
    var ledger = MemoryLedger(at: Timestamp(microseconds: Timestamp.newYear.microseconds + 1))
    let answers = ledger.decide([
      try charge("1", terms(cost: 9, every: 24)), try charge("2", terms(cost: 2, every: 24)),
    ])
    #expect(
      answers[1].denial?.message == """
        Trust budget exhausted. This request requires 2 points; 1 remain. \
        Budget resets at 2026-01-02T00:00:01Z.
        """)
    #expect(answers[1].denial?.secondsToReset == 86_401)
    #expect(ledger.entries.last?.detail("resets_at") == "2026-01-02T00:00:01Z")
  }

  @Test func `never are fewer than 0 points said to remain`() throws {
    var ledger = MemoryLedger()
    let answers = ledger.decide([
      try charge("1", terms(cost: 10, of: 100)), try charge("2", terms(cost: 1, of: 5)),
    ])
    #expect(answers[1].denial?.remaining == 0)
    #expect(
      answers[1].denial?.message
        == "Trust budget exhausted. This request requires 1 point; 0 remain.")
    #expect(ledger.entries.last?.balanceAfter == -5, "the trail tells the figure as it is")
  }
}
