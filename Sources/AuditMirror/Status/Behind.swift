import BudgetLedger
import LibPQ
import TrustBudget

/// What a file lacks of PostgreSQL's trail.
package struct Behind: Hashable, Sendable {
  /// No more than so many are counted.
  private static let counted: Int64 = 1_000_000

  /// Committed entries that are not in the file, as far as they are counted.
  package let entries: Int64
  package let isMoreThanCounted: Bool
  /// Committed break-glass events that are not in the file.
  package let events: Int64
  /// When the oldest of them was written, by the database's clock; nil when there are none.
  package let oldest: Timestamp?
  /// Its age; zero when there are none.
  package let lag: Duration
  /// Who keeps the horizon back, where rows wait for it.
  package let holder: HorizonHolder?

  /// How many of the file's newest rows PostgreSQL must show.
  private static let witnesses = 1_000

  /// - Throws: `PostgresError`, `SchemaProblem`; `AuditFileError`, also for an export that was restricted;
  ///   `MirrorRefusal` where PostgreSQL holds another ledger, or is older than the file: it can then have
  ///   nothing to come that would mean anything.
  package static func read(
    _ file: ReadableFile, connectionString: String
  ) async throws -> Behind {
    let (summary, entries, events) = try await file.read { db in
      let summary = try FileSummary(db)
      return (
        summary, try NewestRows<MirroredEntry>(witnesses, db),
        try NewestRows<MirroredEvent>(witnesses, db)
      )
    }
    try summary.requireWhole()
    return try await TrailReader.with(connectionString) { reader in
      let behind = try await read(summary, reader)
      try await reader.verify(entries)
      try await reader.verify(events)
      return behind
    }
  }

  static func read(_ summary: FileSummary, _ reader: TrailReader) async throws -> Behind {
    let window = try await reader.window()
    try window.requireContinuation(of: summary.ledger)
    let (entries, oldestEntry) = try await reader.count(
      MirroredEntry.self, after: summary.entries.position, limit: counted + 1)
    let (events, oldestEvent) = try await reader.count(
      MirroredEvent.self, after: summary.events.position, limit: counted)
    let holder = window.isHeldBack ? try await reader.horizonHolder() : nil
    let oldest = [oldestEntry, oldestEvent].compactMap(\.self).min()
    let age = oldest.map { window.moment.microseconds - $0.microseconds } ?? 0
    return Behind(
      entries: min(entries, counted), isMoreThanCounted: entries > counted, events: events,
      oldest: oldest, lag: .microseconds(max(0, age)), holder: holder)
  }
}

extension TrailReader {
  /// How many rows there are after a position, committed by whomever, and when the first of them was
  /// written.
  fileprivate func count<TableRow: TrailRow>(
    _: TableRow.Type, after position: TrailPosition, limit: Int64
  ) async throws -> (Int64, Timestamp?) {
    let statement = CountRowsAfter<TableRow>(position: position, limit: limit)
    return try await run { try $0.executeOne(statement) }
  }
}

struct CountRowsAfter<TableRow: TrailRow>: PostgresStatement {
  static var sql: String {
    """
    SELECT count(*), min(\(TableRow.clockColumn))
    FROM (SELECT \(TableRow.clockColumn) FROM trust_budget.\(TableRow.table)
          WHERE (epoch, transaction_id, \(TableRow.numberColumn)) > ($1, $2, $3)
          ORDER BY epoch, transaction_id, \(TableRow.numberColumn) LIMIT $4) AS later
    """
  }
  static var parameterTypes: [PostgresType] { [.int8, .xid8, .int8, .int8] }

  let position: TrailPosition
  let limit: Int64

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(position.epoch)
    parameters.append(UInt64(position.transactionID))
    parameters.append(position.number)
    parameters.append(limit)
  }

  static func decode(_ row: inout PostgresRow) throws -> (Int64, Timestamp?) {
    (try row.next(Int64.self), try row.next(PostgresTimestamp?.self).map(Timestamp.init(nearest:)))
  }
}
