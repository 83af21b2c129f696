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

  private var buffer: [UInt8] = []
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
    buffer.reserveCapacity(1_024)
  }

  /// The hash of `entry`, whose own `hash` is not looked at, after `previous`.
  package mutating func hash(of entry: Entry, after previous: Digest) -> Digest {
    buffer.removeAll(keepingCapacity: true)
    buffer.append(contentsOf: prefix)
    put(entry.epoch)
    put(entry.budgetID.value)
    put(entry.sequence)
    put(entry.kind.rawValue)
    put(entry.username)
    put(entry.cost)
    put(entry.balanceBefore)
    put(entry.balanceAfter)
    put(entry.requestID)
    put(Int64(entry.part))
    put(entry.rule)
    put(entry.policyDigest.map { text(of: $0) })
    put(entry.actor)
    put(entry.node)
    put(entry.detail)
    put(text(of: entry.occurredAt))
    previous.withUnsafeBytes { buffer.append(contentsOf: $0) }
    return Digest(hashing: buffer)
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

  private mutating func put(_ text: String?) {
    buffer.append(field: text)
  }

  private mutating func put(_ number: Int64) {
    // Small strings live inline, so this allocates nothing.
    buffer.append(field: String(number))
  }
}
