import TrustBudgetClient

/// What a node lets a signing command sign, in an emergency or not.
struct AllowedCertificate {
  let requestID: String
  /// nil: no rule matched.
  let rule: String?
  /// What the certificate may name.
  let principals: [String]
  /// The longest validity, as ssh-keygen's `-V +…` takes it.
  let maxDuration: String

  init(_ authorization: Authorization) {
    requestID = authorization.requestID
    rule = authorization.rule
    principals = authorization.principals
    maxDuration = authorization.maxDuration
  }

  init(_ grant: BreakGlassGrant) {
    requestID = grant.requestID
    rule = grant.rule
    principals = grant.principals
    maxDuration = grant.maxDuration
  }
}
