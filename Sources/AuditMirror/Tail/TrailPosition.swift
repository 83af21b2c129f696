/// A place in the order in which the trail is followed: epoch, transaction, entry.
///
/// Identity values alone do not commit in order; transactions below the horizon are all over.
package struct TrailPosition: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let epoch: Int64
  package let transactionID: Int64
  package let entryID: Int64

  package init(epoch: Int64, transactionID: Int64, entryID: Int64) {
    self.epoch = epoch
    self.transactionID = transactionID
    self.entryID = entryID
  }

  /// Before every row.
  package static let start = TrailPosition(epoch: 0, transactionID: 0, entryID: 0)

  package static func < (a: TrailPosition, b: TrailPosition) -> Bool {
    (a.epoch, a.transactionID, a.entryID) < (b.epoch, b.transactionID, b.entryID)
  }

  package var description: String {
    "epoch \(epoch), transaction \(transactionID), entry \(entryID)"
  }
}
