import Crypto

/// The hash that chains a budget's entries.
///
/// `SHA-256(tag, ledger, the entry's columns, the previous hash)`. Every field but the last is
/// written as its length in bytes, a big-endian 32-bit number, and its UTF-8 text; NULL is the
/// length 0xFFFFFFFF and nothing else. Numbers are decimal, the moment is `YYYY-MM-DD HH:MM:SS.ffffff`
/// in UTC, digests are lower-case hexadecimal. The previous hash follows as 32 bare bytes, zeros for
/// a budget's first entry. `docs/audit-format.md` says the same with worked examples.
package struct EntryHash {
  /// The first field: what this encoding is called, so that it can change one day.
  package static let tag = "trust-budget-entry-v1"

  // What is hashed is put together here; it grows with the largest entry.
  private var memory = [UInt8](repeating: 0, count: 2_048)
  private let prefix: [UInt8]
  // The entries of a batch share their moment and, nearly always, their policy: each is put into
  // words once.
  private var moment: (value: Timestamp, text: String)?
  private var policy: (digest: Digest, text: String)?

  /// - Parameter ledgerID: the ledger's UUID, in lower case with hyphens.
  package init(ledgerID: String) {
    var prefix: [UInt8] = []
    prefix.append(field: EntryHash.tag)
    prefix.append(field: ledgerID)
    self.prefix = prefix
  }

  /// The hash of `entry`, whose own `hash` is not looked at, after `previous`.
  package mutating func hash(of entry: Entry, after previous: Digest) -> Digest {
    let policy = entry.policyDigest.map { text(of: $0) }
    let moment = text(of: entry.occurredAt)
    let size = size(of: entry)
    if memory.count < size { memory = [UInt8](repeating: 0, count: 2 * size) }
    return memory.withUnsafeMutableBytes { memory in
      var fields = FieldWriter(into: memory)
      prefix.withUnsafeBytes { fields.put(bytes: $0) }
      fields.put(entry.epoch)
      fields.put(entry.budgetID.value)
      fields.put(entry.sequence)
      fields.put(entry.kind.rawValue)
      fields.put(entry.username)
      fields.put(entry.cost)
      fields.put(entry.balanceBefore)
      fields.put(entry.balanceAfter)
      fields.put(entry.requestID)
      fields.put(Int64(entry.part))
      fields.put(entry.rule)
      fields.put(policy)
      fields.put(entry.actor)
      fields.put(entry.node)
      fields.put(entry.detail)
      fields.put(moment)
      previous.withUnsafeBytes { fields.put(bytes: $0) }
      return Digest(hashing: fields.written)
    }
  }

  /// At most so many bytes are hashed: texts as long as they come, and 512 for lengths, numbers, kind,
  /// digests and moment.
  private func size(of entry: Entry) -> Int {
    var size = 512 + prefix.count
    size += entry.budgetID.value.utf8.count
    size += entry.username?.utf8.count ?? 0
    size += entry.requestID?.utf8.count ?? 0
    size += entry.rule?.utf8.count ?? 0
    size += entry.actor?.utf8.count ?? 0
    size += entry.node.utf8.count
    size += entry.detail.utf8.count
    return size
  }

  private mutating func text(of value: Timestamp) -> String {
    if let moment, moment.value == value { return moment.text }
    let text = value.sortableText
    moment = (value, text)
    return text
  }

  private mutating func text(of digest: Digest) -> String {
    if let policy, policy.digest == digest { return policy.text }
    let text = digest.hexadecimal
    policy = (digest, text)
    return text
  }
}
