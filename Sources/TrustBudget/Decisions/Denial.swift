/// An attempt that found too little.
package struct Denial: Hashable, Sendable {
  package let budgetID: BudgetID
  package let cost: Points
  /// Points that are left, never below 0.
  package let remaining: Int64
  /// The first whole second at which the budget is full again; nil when no reset is scheduled.
  package let resetsAt: Timestamp?
  /// By the clock that resets go by.
  package let decidedAt: Timestamp
  /// Whether the message must say which of several budgets fell short.
  package let namesBudget: Bool

  /// Whole seconds until the reset, at least one; nil when none is scheduled.
  package var secondsToReset: Int64? {
    resetsAt.map { max(1, ($0.microseconds - decidedAt.microseconds + 999_999) / 1_000_000) }
  }

  /// The words a requester reads; the design prescribes them to the letter.
  package var message: String {
    let subject = namesBudget ? "Trust budget \(budgetID)" : "Trust budget"
    var message = "\(subject) exhausted. This request requires \(cost); \(remaining) remain."
    if let resetsAt {
      message += " Budget resets at \(resetsAt)."
    }
    return message
  }
}
