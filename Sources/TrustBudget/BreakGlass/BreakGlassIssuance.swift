/// An emergency certificate that the policy allows: all that its event will say but where it is recorded.
package struct BreakGlassIssuance: Hashable, Sendable {
  /// The longest reason, in UTF-8 bytes.
  package static let maximumReasonBytes = 1_024
  /// The most approvers that a request may name.
  package static let maximumApprovers = 32

  package let requestID: RequestID
  /// The request as the caller sent it: what tells it from another one with the same id.
  package let content: RequestContent
  package let username: Username
  package let reason: String
  package let ticket: String?
  /// Each once, never the requester.
  package let approvers: [String]
  /// What the certificate may name; never empty.
  package let principals: [String]
  /// The longest validity, as it is answered: `60s`.
  package let maxDuration: String
  package let maxDurationSeconds: Int64
  /// nil: as long as the policy allows.
  package let requestedDurationSeconds: Int64?
  package let policyDigest: Digest
  /// The authenticated caller.
  package let actor: String?

  package init(
    requestID: RequestID, content: RequestContent, username: Username, reason: String,
    ticket: String?, approvers: [String], principals: [String], maxDuration: String,
    maxDurationSeconds: Int64, requestedDurationSeconds: Int64?, policyDigest: Digest,
    actor: String?
  ) {
    self.requestID = requestID
    self.content = content
    self.username = username
    self.reason = reason
    self.ticket = ticket
    self.approvers = approvers
    self.principals = principals
    self.maxDuration = maxDuration
    self.maxDurationSeconds = maxDurationSeconds
    self.requestedDurationSeconds = requestedDurationSeconds
    self.policyDigest = policyDigest
    self.actor = actor
  }
}
