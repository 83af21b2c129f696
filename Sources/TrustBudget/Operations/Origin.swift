/// Whom an entry is owed to: the caller, and the policy that decided.
package struct Origin: Hashable, Sendable {
  /// The authenticated caller; nil where the service runs without authentication.
  package let actor: String?
  /// The policy rule that matched; nil where the caller named the terms itself.
  package let rule: String?
  /// The digest of the policy file that decided.
  package let policyDigest: Digest?

  package init(actor: String? = nil, rule: String? = nil, policyDigest: Digest? = nil) {
    self.actor = actor
    self.rule = rule
    self.policyDigest = policyDigest
  }
}
