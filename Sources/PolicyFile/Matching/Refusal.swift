import TrustBudget

/// Why the policy refuses a request.
package enum Refusal: Error, Sendable, Hashable {
  /// No rule matches, and there is no default rule.
  case noMatchingRule
  /// The request asks for more than the rule allows.
  case policyLimit(rule: String, message: String)
  /// The requester is not among those who may use break-glass.
  case breakGlassForbidden(message: String)
  /// Too few people have approved, or the requester himself.
  case breakGlassUnapproved(message: String)
  /// A budget's name needs a value that the request does not have.
  case missingIdentity(rule: String, variable: TemplateVariable)
  /// Two of the rule's budgets have one name for this request.
  case conflictingBudgets(rule: String, budgetID: BudgetID)
  /// A budget's name, with the request's values in it, is not one a budget can have.
  case unusableBudgetID(rule: String, budgetID: String, requirement: String)

  /// The rule that matched, if one did.
  package var rule: String? {
    switch self {
    case .noMatchingRule:
      nil
    case .breakGlassForbidden, .breakGlassUnapproved:
      BreakGlassRule.name
    case .policyLimit(let rule, _), .missingIdentity(let rule, _),
      .conflictingBudgets(let rule, _), .unusableBudgetID(let rule, _, _):
      rule
    }
  }

  /// What is wrong and what to do about it, for a person.
  package var message: String {
    switch self {
    case .noMatchingRule:
      """
      No rule of the policy matches this request, and there is no default rule. \
      `trust-budget policy explain` says why each rule does not.
      """
    case .policyLimit(_, let message), .breakGlassForbidden(let message),
      .breakGlassUnapproved(let message):
      message
    case .missingIdentity(let rule, let variable):
      """
      Rule \(VisibleText.quoted(rule)) needs \(variable) to name the budget, and the request has \
      no \(variable.meaning). Send it, or ask an operator to change the rule.
      """
    case .conflictingBudgets(let rule, let budgetID):
      """
      Two budgets of rule \(VisibleText.quoted(rule)) are both named \
      \(VisibleText.quoted(budgetID.value)) for this request. Ask an operator to give them \
      different names in the policy.
      """
    case .unusableBudgetID(let rule, let budgetID, let requirement):
      """
      Rule \(VisibleText.quoted(rule)) names the budget \(VisibleText.quoted(budgetID)) for this \
      request, but a budget's name \(requirement).
      """
    }
  }
}
