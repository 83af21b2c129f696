import LibPQ
import TrustBudget

/// What a window has of one epoch, after a position.
struct TrailStretch: Sendable {
  private let start: TrailPosition
  /// No transaction from this one on.
  private let horizon: Int64

  /// - Parameter position: in the epoch that it is about.
  init(after position: TrailPosition, of window: TrailWindow) {
    start = position
    // What earlier epochs have is all over.
    horizon = position.epoch < window.ledger.epoch ? .max : window.horizon
  }

  /// Within one epoch, both bounds are where the index _tail is begun and left, however many rows lie beyond
  /// them. Where epoch and transaction were compared as one, PostgreSQL would read on to the epoch's end.
  static func condition<TableRow: TrailRow>(on _: TableRow.Type) -> String {
    """
    epoch = $1 AND (transaction_id, \(TableRow.numberColumn)) > ($2, $3) AND transaction_id < $4
    """
  }
  static let parameterTypes: [PostgresType] = [.int8, .xid8, .int8, .xid8]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(start.epoch)
    parameters.append(UInt64(start.transactionID))
    parameters.append(start.number)
    parameters.append(UInt64(horizon))
  }
}

/// The first epoch after one of which there are rows.
struct FindNextEpoch<TableRow: TrailRow>: PostgresStatement {
  static var name: String? { "find_next_epoch_of_\(TableRow.table)" }
  static var sql: String {
    "SELECT min(epoch) FROM trust_budget.\(TableRow.table) WHERE epoch > $1"
  }
  static var parameterTypes: [PostgresType] { [.int8] }

  let epoch: Int64

  func bind(_ parameters: inout PostgresParameters) { parameters.append(epoch) }

  static func decode(_ row: inout PostgresRow) throws -> Int64? { try row.next(Int64?.self) }
}

extension TrailWindow {
  /// Where the rows of the next epoch begin, after the last of a stretch; nil where there is none.
  func nextEpoch<TableRow: TrailRow>(
    of _: TableRow.Type, after position: TrailPosition, on session: PostgresSession
  ) throws -> TrailPosition? {
    guard position.epoch < ledger.epoch,
      let next = try session.executeOne(FindNextEpoch<TableRow>(epoch: position.epoch)),
      next <= ledger.epoch
    else { return nil }
    return TrailPosition(epoch: next, transactionID: 0, number: 0)
  }
}
