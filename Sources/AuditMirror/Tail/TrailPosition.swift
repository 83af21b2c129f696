/// A place in the order in which a table of the trail is followed: epoch, transaction, row.
///
/// Identity values alone do not commit in order; transactions below the horizon are all over.
package struct TrailPosition: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let epoch: Int64
  package let transactionID: Int64
  /// PostgreSQL's number of the row: `entry_id`, or `event_id`.
  package let number: Int64

  package init(epoch: Int64, transactionID: Int64, number: Int64) {
    self.epoch = epoch
    self.transactionID = transactionID
    self.number = number
  }

  /// Before every row: epochs begin with 1.
  package static let start = TrailPosition(epoch: 0, transactionID: 0, number: 0)

  package static func < (a: TrailPosition, b: TrailPosition) -> Bool {
    (a.epoch, a.transactionID, a.number) < (b.epoch, b.transactionID, b.number)
  }

  package var description: String {
    "epoch \(epoch), transaction \(transactionID), entry \(number)"
  }
}
