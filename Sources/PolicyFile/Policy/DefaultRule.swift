/// `default`: what a request gets that no rule matches. It is never charged.
package struct DefaultRule: Sendable, Hashable {
  /// What an answer calls this rule; no other may have the name.
  package static let name = "default"

  package let limits: CertificateLimits

  func grant(for request: IssuanceRequest) throws(Refusal) -> Grant {
    let granted = try limits.narrowed(to: request, under: DefaultRule.name)
    return Grant(
      rule: DefaultRule.name, principals: granted.principals, maxDuration: granted.maxDuration,
      budgets: [], budgetsAreAList: false)
  }
}
