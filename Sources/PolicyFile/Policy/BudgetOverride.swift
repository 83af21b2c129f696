import TrustBudget

/// Other terms for the budgets that some globs match; what it does not name stays as it was.
package struct BudgetOverride: Sendable, Hashable {
  /// Matched against the budget's name with its values filled in. Never empty.
  package let budgetIDs: [Glob]
  package let cost: Points?
  package let initialBalance: Points?
  package let resetInterval: ResetInterval?
  package let enforcement: Enforcement?
}
