/// What a policy rule says of a budget.
package struct Terms: Hashable, Sendable {
  package let budgetID: BudgetID
  package let cost: Points
  package let initialBalance: Points
  /// nil: one window, for ever.
  package let resetInterval: ResetInterval?
  package let enforcement: Enforcement

  package init(
    budgetID: BudgetID,
    cost: Points = .one,
    initialBalance: Points = .defaultInitialBalance,
    resetInterval: ResetInterval? = nil,
    enforcement: Enforcement = .enforce
  ) {
    self.budgetID = budgetID
    self.cost = cost
    self.initialBalance = initialBalance
    self.resetInterval = resetInterval
    self.enforcement = enforcement
  }
}
