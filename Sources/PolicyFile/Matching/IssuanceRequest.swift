import TrustBudget

/// What a CA knows of somebody who asks for a certificate, as it was sent.
///
/// Everything but the username may be missing, and what is missing never widens access.
package struct IssuanceRequest: Sendable, Hashable {
  package var username: Username
  package var email: String?
  package var oidcGroups: [String]
  package var sourceIP: IPAddress?
  package var webauthnID: String?
  /// nil: as long as the rule allows.
  package var requestedDuration: CertificateDuration?
  /// Empty: all that the rule allows.
  package var requestedPrincipals: [String]

  package init(
    username: Username,
    email: String? = nil,
    oidcGroups: [String] = [],
    sourceIP: IPAddress? = nil,
    webauthnID: String? = nil,
    requestedDuration: CertificateDuration? = nil,
    requestedPrincipals: [String] = []
  ) {
    self.username = username
    self.email = email
    self.oidcGroups = oidcGroups
    self.sourceIP = sourceIP
    self.webauthnID = webauthnID
    self.requestedDuration = requestedDuration
    self.requestedPrincipals = requestedPrincipals
  }
}
