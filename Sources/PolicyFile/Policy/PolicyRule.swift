import TrustBudget

/// One entry of `policies`.
package struct PolicyRule: Sendable, Hashable {
  /// What metrics have in place of a rule where the caller named the terms; no rule may have the name.
  package static let nameOfExplicitTerms = "(explicit)"

  /// Unique in its file; it goes into the audit trail.
  package let name: String
  package let match: MatchConditions
  package let limits: CertificateLimits
  /// Empty: the feature is off for this rule.
  package let budgets: [BudgetClause]
  /// Whether `trust_budget` was written as a list, so that the answer is a list as well.
  package let budgetsAreAList: Bool

  /// What the rule grants a request that it matches.
  func grant(for request: IssuanceRequest) throws(Refusal) -> Grant {
    let granted = try limits.narrowed(to: request, under: name)
    return Grant(
      rule: name, principals: granted.principals, maxDuration: granted.maxDuration,
      budgets: try charges(for: request).map(\.terms), budgetsAreAList: budgetsAreAList)
  }

  /// The budgets that a request is charged to, with this request's values in their names.
  ///
  /// - Throws: `Refusal` when a name lacks a value, is unusable, or comes out twice.
  func charges(for request: IssuanceRequest) throws(Refusal) -> [BudgetCharge] {
    guard !budgets.isEmpty else { return [] }
    let values = TemplateValues(
      username: request.username.value,
      email: request.email,
      group: match.group(of: request),
      rule: name)
    var charges: [BudgetCharge] = []
    for budget in budgets {
      let charge = try budget.charge(with: values)
      guard !charges.contains(where: { $0.terms.budgetID == charge.terms.budgetID }) else {
        throw .conflictingBudgets(rule: name, budgetID: charge.terms.budgetID)
      }
      charges.append(charge)
    }
    return charges
  }
}
