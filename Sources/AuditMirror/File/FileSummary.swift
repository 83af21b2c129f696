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
  /// Break-glass events; nil in a file of the first format, which knows none.
  package var events: Cursor?
  /// All that was committed by then is in the file.
  package var completeAsOf: Timestamp?
  /// What an export was restricted to; nil: the whole trail.
  package var filter: String?

  init(_ db: Database) throws {
    var row = try FileStatement(
      db, "SELECT ledger_id, epoch, complete_as_of, filter FROM meta")
    guard try row.step() else { throw AuditFileError.corrupt("its table meta is empty") }
    defer { row.reset() }
    ledger = LedgerIdentity(id: try row.text(), epoch: try row.number())
    completeAsOf = try row.optionalMoment()
    filter = try row.optionalText()
    guard let entries = try FileSummary.cursor(MirroredEntry.table, db) else {
      throw AuditFileError.corrupt("its table cursors is empty")
    }
    self.entries = entries
    events = try FileSummary.cursor(MirroredEvent.table, db)
    // Whoever takes the row away does not make a file of the first format.
    guard try events != nil || AuditFile.format(of: db) < AuditFileSchema.version else {
      throw AuditFileError.corrupt("its table cursors lacks break_glass_events")
    }
  }

  func save(_ db: Database) throws {
    var meta = try FileStatement(db, "UPDATE meta SET epoch = ?, complete_as_of = ?")
    meta.put(ledger.epoch)
    meta.put(completeAsOf?.sortableText)
    try meta.run()
    try FileSummary.save(entries, of: MirroredEntry.table, db)
    if let events { try FileSummary.save(events, of: MirroredEvent.table, db) }
  }

  static func create(ledger: LedgerIdentity, filter: String?, _ db: Database) throws {
    try db.execute(sql: AuditFileSchema.script)
    try db.execute(
      sql: "INSERT INTO meta VALUES (1, ?, ?, ?, NULL, ?)",
      arguments: [AuditFileSchema.version, ledger.id, ledger.epoch, filter])
    try db.execute(sql: "INSERT INTO cursors VALUES ('audit_entries', 0, 0, 0, 0)")
  }

  /// Gives a file of the first format what the second one has more. What it lacks then comes with the
  /// next window; until it has, the file says of no moment that it is complete.
  static func upgrade(_ db: Database) throws {
    try db.execute(sql: AuditFileSchema.breakGlass)
    try db.execute(
      sql: "UPDATE meta SET format_version = ?, complete_as_of = NULL",
      arguments: [AuditFileSchema.version])
  }

  private static func cursor(_ table: String, _ db: Database) throws -> Cursor? {
    var row = try FileStatement(
      db, "SELECT epoch, transaction_id, entry_id, entries FROM cursors WHERE table_name = ?")
    row.put(table)
    defer { row.reset() }
    guard try row.step() else { return nil }
    return Cursor(
      position: TrailPosition(
        epoch: try row.number(), transactionID: try row.number(), number: try row.number()),
      rows: try row.number())
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
