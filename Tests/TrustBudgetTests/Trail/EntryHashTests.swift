import Testing

@testable import TrustBudget

/// The encoding as `EntryHash` documents it, written down a second time without looking at speed.
private func documentedHash(of entry: Entry, ledgerID: String, after previous: Digest) -> Digest {
  let fields: [String?] = [
    "trust-budget-entry-v1", ledgerID, "\(entry.epoch)", entry.budgetID.value, "\(entry.sequence)",
    entry.kind.rawValue, entry.username, "\(entry.cost)", "\(entry.balanceBefore)",
    "\(entry.balanceAfter)", entry.requestID, "\(entry.part)", entry.rule,
    entry.policyDigest?.hexadecimal, entry.actor, entry.node, entry.detail,
    entry.occurredAt.sortableText,
  ]
  var bytes: [UInt8] = []
  for field in fields {
    let length = field.map { $0.utf8.count } ?? 0xFFFF_FFFF
    for shift in [24, 16, 8, 0] { bytes.append(UInt8(length >> shift & 0xFF)) }
    bytes += Array((field ?? "").utf8)
  }
  return Digest(hashing: bytes + previous.bytes)
}

@Suite("The hash of an entry")
struct EntryHashTests {
  private let ledgerID = MemoryLedger.identity.id

  private func entry() throws -> Entry {
    Entry(
      epoch: 1, budgetID: try BudgetID("user:alice"), sequence: 2, kind: .charge,
      username: "alice", cost: 3, balanceBefore: 10, balanceAfter: -7, requestID: "r-1", part: 1,
      rule: nil, policyDigest: Digest(hashing: Array("abc".utf8)), actor: "", node: "Jos\u{E9}",
      detail: "{}", occurredAt: Timestamp(microseconds: 1_767_225_600_000_001), hash: .zero)
  }

  // Made with Python's struct and hashlib. If this ever differs, every ledger in the world does.
  @Test func `it is the same for ever`() throws {
    var hash = EntryHash(ledgerID: ledgerID)
    #expect(
      hash.hash(of: try entry(), after: Digest(hashing: [])).hexadecimal
        == "0d24a10e1eb8aac77c0e0d7b7a4946532ae076fb072790efbe3cadc013959cfc")
  }

  @Test func `it covers what its documentation says, for every entry of a busy ledger`() throws {
    var hash = EntryHash(ledgerID: ledgerID)
    var previous: [BudgetID: Digest] = [:]
    let entries = try busyLedger().entries
    for entry in entries {
      let before = previous[entry.budgetID] ?? .zero
      #expect(entry.hash == documentedHash(of: entry, ledgerID: ledgerID, after: before))
      #expect(entry.hash == hash.hash(of: entry, after: before))
      previous[entry.budgetID] = entry.hash
    }
    #expect(Set(entries.map(\.kind)) == Set(Entry.Kind.allCases))
  }

  @Test func `it covers texts and numbers of any size`() throws {
    var hash = EntryHash(ledgerID: ledgerID)
    for number in [Int64.min, -1, 0, 9, 10, .max] {
      for length in [0, 1, 2_048, 100_000, 3] {
        let entry = try entry().changing {
          $0.balanceAfter = number
          $0.detail = String(repeating: "\u{E9}", count: length)
        }
        let documented = documentedHash(of: entry, ledgerID: ledgerID, after: .zero)
        #expect(hash.hash(of: entry, after: .zero) == documented)
      }
    }
  }

  @Test
  func `absent and empty are different, and so is text that moves from one field to the next`()
    throws
  {
    var hash = EntryHash(ledgerID: ledgerID)
    let entry = try entry()
    let variants = [
      entry, entry.changing { $0.rule = "" }, entry.changing { $0.actor = nil },
      entry.changing { $0.node = "Jose\u{301}" },
      entry.changing {
        $0.actor = "Jos"
        $0.node = "\u{E9}"
      },
    ]
    #expect(Set(variants.map { hash.hash(of: $0, after: .zero) }).count == variants.count)
  }

  @Test
  func `it covers the ledger, and the hash before it, and not the hash that the entry carries`()
    throws
  {
    let entry = try entry()
    var hash = EntryHash(ledgerID: ledgerID)
    var other = EntryHash(ledgerID: "1" + ledgerID.dropFirst())
    let value = hash.hash(of: entry, after: .zero)
    #expect(other.hash(of: entry, after: .zero) != value)
    #expect(hash.hash(of: entry, after: Digest(hashing: [])) != value)
    #expect(hash.hash(of: entry.with(hash: value), after: .zero) == value)
  }
}
