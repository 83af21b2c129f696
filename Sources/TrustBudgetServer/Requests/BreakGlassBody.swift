import PolicyFile
import TrustBudget

/// The body of `POST /v1/break-glass`.
struct BreakGlassBody: Decodable {
  let requestID: RequestID
  let issuance: IssuanceRequest
  let reason: String
  let ticket: String?
  /// As the caller named them.
  let approvers: [Username]
  let content: RequestContent

  init(from decoder: any Decoder) throws {
    let fields = try RequestFields(decoder)
    let requestID = fields.optional("request_id", .text, RequestID.init(_:))
    let name = fields.required("username", .text, Username.init(_:))
    let reason = fields.required("reason", .text) {
      try FreeText.validate($0, maximumBytes: BreakGlassIssuance.maximumReasonBytes)
    }
    let ticket = fields.optional("ticket", .text) { try FreeText.validate($0) }
    let approvers = fields.optional("approvers", .texts) { texts in
      try texts.validated(atMost: BreakGlassIssuance.maximumApprovers).map { try Username($0) }
    }
    let principals = fields.optional("principals", .texts) {
      try AuthorizationRequest.validate($0)
    }
    let duration = fields.optional("requested_duration", .text, CertificateDuration.init(_:))
    let username: Username
    (username, self.reason) = try fields.finish(name, reason)
    self.requestID = requestID ?? .random()
    self.ticket = ticket
    self.approvers = approvers ?? []
    self.issuance = IssuanceRequest(
      username: username, requestedDuration: duration, requestedPrincipals: principals ?? [])
    self.content = RequestContent(
      [
        "break-glass", username.value, self.reason, ticket,
        duration.map { String($0.seconds) },
      ], sets: (self.approvers.map(\.value), principals ?? []))
  }
}
