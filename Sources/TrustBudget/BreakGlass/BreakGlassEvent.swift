/// One emergency certificate, as its trail has it.
///
/// A node numbers and chains its events by itself, in its journal, because PostgreSQL may be away.
package struct BreakGlassEvent: Hashable, Sendable {
  /// The UUID of the journal, in lower case with hyphens. A node that has lost its journal begins
  /// another one, so no chain ever forks.
  package let journalID: String
  /// The event's place in its journal's chain: 1, 2, 3, …, without gaps.
  package let sequence: Int64
  /// The name of the node that answered.
  package let node: String
  package let username: String
  package let reason: String
  package let ticket: String?
  package let approvers: [String]
  package let principals: [String]
  package let maxDuration: String
  package let maxDurationSeconds: Int64
  package let requestedDurationSeconds: Int64?
  package let requestID: String
  /// `RequestContent.fingerprint` of what the caller asked.
  package let request: String
  package let policyDigest: Digest
  package let actor: String?
  /// By the node's clock.
  package let occurredAt: Timestamp
  /// SHA-256 over this event and the hash before it; see `hash(after:)`.
  package internal(set) var hash: Digest

  package init(
    journalID: String, sequence: Int64, node: String, username: String, reason: String,
    ticket: String?, approvers: [String], principals: [String], maxDuration: String,
    maxDurationSeconds: Int64, requestedDurationSeconds: Int64?, requestID: String,
    request: String, policyDigest: Digest, actor: String?, occurredAt: Timestamp, hash: Digest
  ) {
    self.journalID = journalID
    self.sequence = sequence
    self.node = node
    self.username = username
    self.reason = reason
    self.ticket = ticket
    self.approvers = approvers
    self.principals = principals
    self.maxDuration = maxDuration
    self.maxDurationSeconds = maxDurationSeconds
    self.requestedDurationSeconds = requestedDurationSeconds
    self.requestID = requestID
    self.request = request
    self.policyDigest = policyDigest
    self.actor = actor
    self.occurredAt = occurredAt
    self.hash = hash
  }
}
