import PolicyFile
import TrustBudget

/// The body of `POST /v1/break-glass`.
struct BreakGlassBody: Decodable {
  let requestID: RequestID
  let username: Username
  let reason: String
  let ticket: String?
  /// As the caller named them.
  let approvers: [Username]
  let principals: [String]
  let requestedDuration: CertificateDuration?
  let content: RequestContent

  init(from decoder: any Decoder) throws {
    let fields = try RequestFields(decoder)
    let requestID = fields.optional("request_id", .text, RequestID.init(_:))
    let username = fields.required("username", .text, Username.init(_:))
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
    (self.username, self.reason) = try fields.finish(username, reason)
    self.requestID = requestID ?? .random()
    self.ticket = ticket
    self.approvers = approvers ?? []
    self.principals = principals ?? []
    self.requestedDuration = duration
    self.content = RequestContent(
      [
        "break-glass", self.username.value, self.reason, ticket,
        duration.map { String($0.seconds) },
      ], sets: (self.approvers.map(\.value), self.principals))
  }
}
