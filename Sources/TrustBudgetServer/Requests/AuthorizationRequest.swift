import PolicyFile
import TrustBudget

/// The body of `POST /v1/authorizations`: what a CA knows of somebody who wants a certificate.
struct AuthorizationRequest: Decodable {
  /// The most groups, and the most principals, that one request may name.
  static let maximumListLength = 256

  let requestID: RequestID
  /// Whether its caller named it, so that it may be a repetition.
  let isNamed: Bool
  let isDryRun: Bool
  let issuance: IssuanceRequest
  let content: RequestContent

  init(from decoder: any Decoder) throws {
    let fields = try RequestFields(decoder)
    let requestID = fields.optional("request_id", .text, RequestID.init(ofCharge:))
    let name = fields.required("username", .text, Username.init(_:))
    let email = fields.optional("email", .text) { try IdentityText.validate($0) }
    let groups = fields.optional("oidc_groups", .texts) { try Self.validate($0) }
    let sourceIP = fields.optional("source_ip", .text, IPAddress.init(_:))
    let webauthnID = fields.optional("webauthn_id", .text) { try IdentityText.validate($0) }
    let duration = fields.optional("requested_duration", .text, CertificateDuration.init(_:))
    let principals = fields.optional("requested_principals", .texts) { try Self.validate($0) }
    let isDryRun = fields.optional("dry_run", .flag)
    let username = try fields.finish(name)

    self.requestID = requestID ?? .random()
    self.isNamed = requestID != nil
    self.isDryRun = isDryRun ?? false
    self.issuance = IssuanceRequest(
      username: username, email: email, oidcGroups: groups ?? [], sourceIP: sourceIP,
      webauthnID: webauthnID, requestedDuration: duration, requestedPrincipals: principals ?? [])
    self.content = RequestContent(
      [
        "authorization", username.value, email, sourceIP?.description, webauthnID,
        duration.map { String($0.seconds) },
      ], sets: (groups ?? [], principals ?? []))
  }

  /// - Throws: what the list, or a text of it, may not be.
  static func validate(_ texts: [String]) throws -> [String] {
    try texts.validated(atMost: maximumListLength).map { try IdentityText.validate($0) }
  }
}
