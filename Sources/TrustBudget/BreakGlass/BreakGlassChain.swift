/// A journal's chain, as far as it goes: appends events to it, and checks those that are there.
package struct BreakGlassChain: Hashable, Sendable {
  package let journalID: String
  /// The number of the newest event; 0 before the first.
  package private(set) var sequence: Int64
  /// The hash of the newest event; zeros before the first.
  package private(set) var hash: Digest

  /// - Parameters:
  ///   - journalID: the journal's UUID, in lower case with hyphens.
  ///   - sequence: where to go on.
  package init(journalID: String, sequence: Int64 = 0, hash: Digest = .zero) {
    self.journalID = journalID
    self.sequence = sequence
    self.hash = hash
  }

  /// Makes the next event.
  package mutating func append(
    _ request: BreakGlassIssuance, node: String, at now: Timestamp
  ) -> BreakGlassEvent {
    var next = BreakGlassEvent(
      journalID: journalID, sequence: sequence + 1, node: node, username: request.username.value,
      reason: request.reason, ticket: request.ticket, approvers: request.approvers,
      principals: request.principals, maxDuration: request.maxDuration,
      maxDurationSeconds: request.maxDurationSeconds,
      requestedDurationSeconds: request.requestedDurationSeconds,
      requestID: request.requestID.value, request: request.content.fingerprint,
      policyDigest: request.policyDigest, actor: request.actor, occurredAt: now, hash: .zero)
    next.hash = next.hash(after: hash)
    sequence = next.sequence
    hash = next.hash
    return next
  }

  /// Takes the next event of the journal.
  ///
  /// - Throws: when the event cannot follow the one before it.
  package mutating func verify(_ event: BreakGlassEvent) throws(TrailFault) {
    func fault(_ problem: String) -> TrailFault {
      TrailFault(.journal(journalID), sequence: event.sequence, problem: problem)
    }
    guard event.journalID == journalID else {
      throw fault("is of another journal, \(event.journalID)")
    }
    guard event.sequence == sequence + 1 else {
      throw fault("follows event \(sequence); events are missing or repeated")
    }
    guard event.hash(after: hash) == event.hash else {
      throw fault("its hash does not match its content and the event before it")
    }
    sequence = event.sequence
    hash = event.hash
  }
}
