import TrustBudget

/// What a request may have, if its budgets can pay for it.
package struct Grant: Sendable, Hashable {
  /// The rule that matched, or `DefaultRule.name`.
  package let rule: String
  /// Never empty.
  package let principals: [String]
  package let maxDuration: CertificateDuration
  /// To be charged all or none. Empty: the feature is off for this request.
  package let budgets: [Terms]
  /// Whether the rule has a list of budgets, so that the answer has a list as well.
  package let budgetsAreAList: Bool
}
