import TrustBudget

/// One budget of a rule's `trust_budget`: its terms, before a request gives it a name.
package struct BudgetClause: Sendable, Hashable {
  package let budgetID: BudgetIDTemplate
  package let cost: Points
  package let initialBalance: Points
  /// nil: one window, for ever.
  package let resetInterval: ResetInterval?
  package let enforcement: Enforcement
  /// The first that matches the budget's name applies.
  package let overrides: [BudgetOverride]

  /// The terms for one request.
  ///
  /// - Throws: `Refusal` when the name lacks a value or is unusable.
  func charge(with values: TemplateValues) throws(Refusal) -> BudgetCharge {
    let budgetID = try self.budgetID.render(with: values)
    let position = overrides.firstIndex { $0.budgetIDs.contains(matching: budgetID.value) }
    let override = position.map { overrides[$0] }
    let terms = Terms(
      budgetID: budgetID,
      cost: override?.cost ?? cost,
      initialBalance: override?.initialBalance ?? initialBalance,
      resetInterval: override?.resetInterval ?? resetInterval,
      enforcement: override?.enforcement ?? enforcement)
    return BudgetCharge(terms: terms, overridePosition: position, override: override)
  }
}
