import TrustBudget

/// A budget whose row holds what no program of ours wrote.
struct UnreadableBudget: Error, CustomStringConvertible {
  let id: BudgetID
  let problem: InvalidValue

  var description: String { "the row of budget \(id) makes no sense: a value \(problem)" }
}
