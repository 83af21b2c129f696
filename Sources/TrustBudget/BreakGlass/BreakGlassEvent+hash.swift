extension BreakGlassEvent {
  /// The first field of the hash: what this encoding is called, so that it can change one day.
  static let hashTag = "trust-budget-break-glass-v1"

  /// The hash that this event must have after `previous`; its own `hash` is not looked at.
  ///
  /// `SHA-256(tag, the event's columns, the previous hash)`, with fields as in `EntryHash`; a list is
  /// the number of its members, and then each of them. There is no ledger in it: a node that has
  /// never seen one can record an event. `docs/audit-format.md` says the same with a worked example.
  package func hash(after previous: Digest) -> Digest {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(1_024)
    bytes.append(field: BreakGlassEvent.hashTag)
    bytes.append(field: journalID)
    bytes.append(field: String(sequence))
    bytes.append(field: node)
    bytes.append(field: username)
    bytes.append(field: reason)
    bytes.append(field: ticket)
    bytes.append(fields: approvers)
    bytes.append(fields: principals)
    bytes.append(field: maxDuration)
    bytes.append(field: String(maxDurationSeconds))
    bytes.append(field: requestedDurationSeconds.map { String($0) })
    bytes.append(field: requestID)
    bytes.append(field: request)
    bytes.append(field: policyDigest.hexadecimal)
    bytes.append(field: actor)
    bytes.append(field: occurredAt.sortableText)
    bytes += previous.bytes
    return Digest(hashing: bytes)
  }
}

extension [UInt8] {
  fileprivate mutating func append(fields texts: [String]) {
    append(field: String(texts.count))
    for text in texts { append(field: text) }
  }
}
