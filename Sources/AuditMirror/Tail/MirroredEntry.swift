import BudgetLedger
import LibPQ
import TrustBudget

/// An entry of the trail, and where it stands in the order in which the trail is followed.
struct MirroredEntry: TrailRow {
  /// The identity that PostgreSQL gave it; with gaps, and not in the order of commits.
  let entryID: Int64
  /// The transaction that wrote it.
  let transactionID: Int64
  let entry: Entry

  var position: TrailPosition {
    TrailPosition(epoch: entry.epoch, transactionID: transactionID, number: entryID)
  }

  var place: TrailPlace {
    TrailPlace(chain: .budget(entry.budgetID.value), sequence: entry.sequence)
  }

  static let table = "audit_entries"
  static let chainColumn = (name: "budget_id", type: "text")
  static let sequenceColumn = "budget_seq"
  static let numberColumn = "entry_id"
  static let clockColumn = "occurred_at"
  static let awaitedTable = "awaited"
  static func chain(_ name: String) -> TrailChain { .budget(name) }

  static let columns = "entry_id, transaction_id, \(Entry.columns)"

  func differences(from other: MirroredEntry) -> [String] {
    let (a, b) = (entry, other.entry)
    let columns: [(String, Bool)] = [
      ("epoch", a.epoch == b.epoch), ("budget_id", isSame(a.budgetID.value, b.budgetID.value)),
      ("budget_seq", a.sequence == b.sequence), ("kind", a.kind == b.kind),
      ("username", isSame(a.username, b.username)), ("cost", a.cost == b.cost),
      ("balance_before", a.balanceBefore == b.balanceBefore),
      ("balance_after", a.balanceAfter == b.balanceAfter),
      ("request_id", isSame(a.requestID, b.requestID)), ("part", a.part == b.part),
      ("rule", isSame(a.rule, b.rule)), ("policy_digest", a.policyDigest == b.policyDigest),
      ("actor", isSame(a.actor, b.actor)), ("node", isSame(a.node, b.node)),
      ("detail", isSame(a.detail, b.detail)),
      ("occurred_at", a.occurredAt == b.occurredAt), ("hash", a.hash == b.hash),
    ]
    return columns.filter { !$0.1 }.map(\.0)
  }
}

extension MirroredEntry {
  init(decoding row: inout PostgresRow) throws {
    self.init(
      entryID: try row.next(Int64.self),
      transactionID: Int64(clamping: try row.next(UInt64.self)), entry: try Entry(decoding: &row))
  }
}
