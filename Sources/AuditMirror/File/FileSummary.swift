import Foundation
import GRDB
import TrustBudget

/// What a file says of itself.
package struct FileSummary: Hashable, Sendable {
  /// How far one of PostgreSQL's tables is in the file.
  package struct Cursor: Hashable, Sendable {
    /// The last row, in the order in which the table is followed.
    package var position = TrailPosition.start
    /// How many rows there are.
    package var rows: Int64 = 0
  }

  package var ledger: LedgerIdentity
  package var entries: Cursor
  /// Break-glass events.
  package var events: Cursor
  /// All that was committed by then is in the file.
  package var completeAsOf: Timestamp?
  /// What an export was restricted to; nil: the whole trail.
  package var filter: String?

  init(_ db: Database) throws {
    try FileSummary.requireOneRow(db)
    var row = try FileStatement(
      db, "SELECT ledger_id, epoch, complete_as_of, filter FROM meta")
    _ = try row.step()
    defer { row.reset() }
    let id = try row.text()
    guard UUID(uuidString: id)?.uuidString.lowercased() == id else {
      throw InvalidValue("must be of a ledger whose id is a UUID (ledger_id)")
    }
    ledger = LedgerIdentity(id: id, epoch: try row.count())
    completeAsOf = try row.optionalMoment()
    filter = try row.optionalText()
    guard filter != "" else {
      throw InvalidValue("must be what an export was restricted to, or NULL (filter)")
    }
    entries = try FileSummary.cursor(MirroredEntry.table, db)
    events = try FileSummary.cursor(MirroredEvent.table, db)
    let format = AuditFileSchema.version
    guard
      try Bool.fetchOne(
        db, sql: "SELECT typeof(format_version) = 'integer' AND format_version = ? FROM meta",
        arguments: [format]) == true
    else {
      throw AuditFileError.corrupt("its header says that its format is \(format), and meta another")
    }
  }

  /// Whoever reads may be shown one row, and whoever writes another. The table's own CHECK is not looked at
  /// where a file is read only.
  ///
  /// - Throws: `AuditFileError.corrupt` unless the file says one thing of itself.
  static func requireOneRow(_ db: Database) throws {
    let isOne = try Bool.fetchOne(db, sql: "SELECT count(*) = 1 AND max(only_row) = 1 FROM meta")
    guard isOne == true else {
      throw AuditFileError.corrupt("its table meta has other rows than the one whose only_row is 1")
    }
  }

  /// - Throws: `AuditFileError.unusable` for an export that was restricted: what it lacks says nothing.
  func requireWhole() throws(AuditFileError) {
    guard let filter else { return }
    throw .unusable("this export was restricted (\(filter)); compare a whole one")
  }

  func save(_ db: Database) throws {
    var meta = try FileStatement(db, "UPDATE meta SET epoch = ?, complete_as_of = ?")
    meta.put(ledger.epoch)
    meta.put(completeAsOf?.sortableText)
    try meta.run()
    try FileSummary.save(entries, of: MirroredEntry.table, db)
    try FileSummary.save(events, of: MirroredEvent.table, db)
  }

  static func create(ledger: LedgerIdentity, filter: String?, _ db: Database) throws {
    try db.execute(sql: AuditFileSchema.script)
    try db.execute(
      sql: """
        INSERT INTO meta (only_row, format_version, ledger_id, epoch, filter) VALUES (1, ?, ?, ?, ?)
        """,
      arguments: [AuditFileSchema.version, ledger.id, ledger.epoch, filter])
    for table in [MirroredEntry.table, MirroredEvent.table] {
      try db.execute(sql: "INSERT INTO cursors VALUES (?, 0, 0, 0, 0)", arguments: [table])
    }
  }

  private static func cursor(_ table: String, _ db: Database) throws -> Cursor {
    var row = try FileStatement(
      db, "SELECT epoch, transaction_id, entry_id, entries FROM cursors WHERE table_name = ?")
    row.put(table)
    let cursor = try row.first {
      Cursor(
        position: TrailPosition(
          epoch: try $0.count(), transactionID: try $0.count(), number: try $0.count()),
        rows: try $0.count())
    }
    guard let cursor else { throw AuditFileError.corrupt("its table cursors lacks \(table)") }
    return cursor
  }

  private static func save(_ cursor: Cursor, of table: String, _ db: Database) throws {
    var row = try FileStatement(
      db,
      """
      UPDATE cursors SET epoch = ?, transaction_id = ?, entry_id = ?, entries = ?
      WHERE table_name = ?
      """)
    row.put(cursor.position.epoch)
    row.put(cursor.position.transactionID)
    row.put(cursor.position.number)
    row.put(cursor.rows)
    row.put(table)
    try row.run()
  }
}
