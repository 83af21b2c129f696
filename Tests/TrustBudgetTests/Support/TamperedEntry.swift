@testable import TrustBudget

/// An entry's columns, free to be changed by somebody who should not.
struct TamperedEntry {
  var epoch: Int64
  var budgetID: BudgetID
  var sequence: Int64
  var kind: Entry.Kind
  var username: String?
  var cost: Int64
  var balanceBefore: Int64
  var balanceAfter: Int64
  var requestID: String?
  var part: Int16
  var rule: String?
  var policyDigest: Digest?
  var actor: String?
  var node: String
  var detail: String
  var occurredAt: Timestamp
  var hash: Digest

  init(_ entry: Entry) {
    epoch = entry.epoch
    budgetID = entry.budgetID
    sequence = entry.sequence
    kind = entry.kind
    username = entry.username
    cost = entry.cost
    balanceBefore = entry.balanceBefore
    balanceAfter = entry.balanceAfter
    requestID = entry.requestID
    part = entry.part
    rule = entry.rule
    policyDigest = entry.policyDigest
    actor = entry.actor
    node = entry.node
    detail = entry.detail
    occurredAt = entry.occurredAt
    hash = entry.hash
  }

  var entry: Entry {
    Entry(
      epoch: epoch, budgetID: budgetID, sequence: sequence, kind: kind, username: username,
      cost: cost, balanceBefore: balanceBefore, balanceAfter: balanceAfter, requestID: requestID,
      part: part, rule: rule, policyDigest: policyDigest, actor: actor, node: node, detail: detail,
      occurredAt: occurredAt, hash: hash)
  }
}

extension Entry {
  func changing(_ change: (inout TamperedEntry) -> Void) -> Entry {
    var tampered = TamperedEntry(self)
    change(&tampered)
    return tampered.entry
  }
}

/// The entries with hashes that fit together again: the work of a forger who knows the encoding.
func rehashed(_ entries: [Entry]) -> [Entry] {
  var hash = EntryHash(ledgerID: MemoryLedger.identity.id)
  var previous = Digest.zero
  return entries.map { entry in
    previous = hash.hash(of: entry, after: previous)
    return entry.with(hash: previous)
  }
}
