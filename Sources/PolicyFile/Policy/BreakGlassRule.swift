import TrustBudget

/// `break_glass`: what an emergency certificate may allow, and who may ask for one.
package struct BreakGlassRule: Sendable, Hashable {
  /// What refusals call this rule.
  package static let name = "break_glass"

  package let limits: CertificateLimits
  /// How many people, other than the one who asks, must have approved.
  package let minApprovers: Int
  /// Globs; nil: everybody may ask.
  package let allowedUsernames: [Glob]?
  /// Whom to tell of each event; nil: nobody beside the log and the metrics.
  package let notify: BreakGlassNotice?

  /// Decides an emergency request. No budget ever blocks one, so the grant names none.
  ///
  /// - Parameter approvers: Each person counts once, and the requester must not be among them.
  /// - Throws: why it is refused.
  package func evaluate(
    _ request: IssuanceRequest, approvers: [Username] = []
  ) throws(Refusal) -> Grant {
    let username = request.username
    if let allowedUsernames, !allowedUsernames.contains(matching: username.value) {
      throw .breakGlassForbidden(
        message: """
          \(VisibleText.quoted(username.value)) may not use break-glass; the policy's \
          break_glass.allowed_usernames says who may.
          """)
    }
    guard !approvers.contains(username) else {
      throw .breakGlassUnapproved(
        message: """
          \(VisibleText.quoted(username.value)) asks for the certificate, and cannot approve it as \
          well; name other people as approvers.
          """)
    }
    let others = Set(approvers).count
    guard others >= minApprovers else {
      throw .breakGlassUnapproved(
        message: """
          Break-glass needs \(minApprovers) \(minApprovers == 1 ? "approver" : "approvers") \
          other than the requester; this request names \(others).
          """)
    }
    let granted = try limits.narrowed(to: request, under: BreakGlassRule.name)
    return Grant(
      rule: BreakGlassRule.name, principals: granted.principals,
      maxDuration: granted.maxDuration, budgets: [], budgetsAreAList: false)
  }
}
