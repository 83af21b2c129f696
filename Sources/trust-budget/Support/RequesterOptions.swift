import ArgumentParser
import PolicyFile
import TrustBudget

/// Who asks for a certificate, and for what.
struct RequesterOptions: ParsableArguments {
  @Option(help: "Who asks for the certificate.")
  var username: String

  @Option(help: "The requester's e-mail address.")
  var email: String?

  @Option(
    name: [.customLong("group")],
    help: ArgumentHelp("A group of the requester's; may be given several times.", valueName: "name")
  )
  var groups: [String] = []

  @Option(name: .customLong("source-ip"), help: "The requester's address.")
  var sourceIP: String?

  @Option(name: .customLong("webauthn-id"), help: "The id of the requester's security key.")
  var webauthnID: String?

  @Option(help: "How long the certificate shall be valid: 90s, 15m, 1h30m. Default: the rule's.")
  var duration: String?

  @Option(
    name: [.customLong("principal")],
    help: ArgumentHelp(
      "A principal of the certificate; may be given several times. Default: the rule's.",
      valueName: "name"))
  var principals: [String] = []

  /// What a node would make of these options: it refuses the same values.
  ///
  /// - Throws: `ValidationError` that names the option whose value won't do.
  func issuanceRequest() throws -> IssuanceRequest {
    IssuanceRequest(
      username: try checked("--username") { () throws(InvalidValue) in try Username(username) },
      email: try email.map { try identity("--email", $0) },
      oidcGroups: try groups.map { try identity("--group", $0) },
      sourceIP: try sourceIP.map { text in
        try checked("--source-ip") { () throws(InvalidValue) in try IPAddress(text) }
      },
      webauthnID: try webauthnID.map { try identity("--webauthn-id", $0) },
      requestedDuration: try duration.map { text in
        try checked("--duration") { () throws(InvalidValue) in try CertificateDuration(text) }
      },
      requestedPrincipals: try principals.map { try identity("--principal", $0) })
  }

  private func identity(_ option: String, _ text: String) throws -> String {
    try checked(option) { () throws(InvalidValue) in try IdentityText.validate(text) }
  }
}
