/// The most that a certificate may allow.
package struct CertificateLimits: Sendable, Hashable {
  /// Never empty.
  package let principals: [String]
  package let maxDuration: CertificateDuration

  /// What a request is granted within these limits: what it asks for, and otherwise all there is.
  ///
  /// - Throws: `Refusal.policyLimit` when it asks for more.
  func narrowed(to request: IssuanceRequest, under rule: String) throws(Refusal) -> Self {
    let (requested, duration) = (request.requestedPrincipals, request.requestedDuration)
    for principal in requested where !principals.contains(principal) {
      throw .policyLimit(
        rule: rule,
        message: """
          Principal \(VisibleText.quoted(principal)) is not allowed by rule \
          \(VisibleText.quoted(rule)); it allows \(principals.joined(separator: ", ")).
          """)
    }
    if let duration, duration > maxDuration {
      throw .policyLimit(
        rule: rule,
        message: """
          A certificate for \(duration) is longer than rule \(VisibleText.quoted(rule)) allows; \
          ask for at most \(maxDuration).
          """)
    }
    // Each once, however often it was asked for.
    var granted: Set<String> = []
    return CertificateLimits(
      principals: requested.isEmpty ? principals : requested.filter { granted.insert($0).inserted },
      maxDuration: duration ?? maxDuration)
  }
}
