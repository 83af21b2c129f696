import BudgetLedger
import LibPQ
import TrustBudget

/// An entry of the trail, and where it stands in the order in which the trail is followed.
package struct MirroredEntry: Hashable, Sendable {
  /// The identity that PostgreSQL gave it; with gaps, and not in the order of commits.
  package let entryID: Int64
  /// The transaction that wrote it.
  package let transactionID: Int64
  package let entry: Entry

  package var position: TrailPosition {
    TrailPosition(epoch: entry.epoch, transactionID: transactionID, entryID: entryID)
  }

  /// The columns that `init(decoding:)` reads, in its order.
  static let columns = "entry_id, transaction_id, \(Entry.columns)"

  package init(entryID: Int64, transactionID: Int64, entry: Entry) {
    self.entryID = entryID
    self.transactionID = transactionID
    self.entry = entry
  }

  init(decoding row: inout PostgresRow) throws {
    self.init(
      entryID: try row.next(Int64.self),
      transactionID: Int64(clamping: try row.next(UInt64.self)),
      entry: try Entry(decoding: &row))
  }
}
