/// What a charge took from one budget.
package struct Receipt: Hashable, Sendable {
  package let budgetID: BudgetID
  package let cost: Points
  /// Points left after the charge; below zero only where the budget is observed.
  package let remaining: Int64
  /// When the budget resets: the first whole second at or after it. nil when it never does.
  package let resetsAt: Timestamp?
  /// The number of the charge's entry in the budget's chain.
  package let sequence: Int64
}
