import GRDB
import TrustBudget

/// What a file says of itself.
package struct FileSummary: Hashable, Sendable {
  package var ledger: LedgerIdentity
  /// The last entry, in the order in which the trail is followed.
  package var position: TrailPosition
  /// How many entries there are.
  package var entries: Int64
  /// All that was committed by then is in the file.
  package var completeAsOf: Timestamp?
  /// What an export was restricted to; nil: the whole trail.
  package var filter: String?

  init(_ db: Database) throws {
    var row = try FileStatement(
      db,
      """
      SELECT m.ledger_id, m.epoch, c.epoch, c.transaction_id, c.entry_id, c.entries,
             m.complete_as_of, m.filter
      FROM meta AS m JOIN cursors AS c ON c.table_name = 'audit_entries'
      """)
    guard try row.step() else { throw AuditFileError.corrupt("its table meta is empty") }
    defer { row.reset() }
    ledger = LedgerIdentity(id: try row.text(), epoch: try row.number())
    position = TrailPosition(
      epoch: try row.number(), transactionID: try row.number(), entryID: try row.number())
    entries = try row.number()
    completeAsOf = try row.optionalMoment()
    filter = try row.optionalText()
  }

  func save(_ db: Database) throws {
    var meta = try FileStatement(db, "UPDATE meta SET epoch = ?, complete_as_of = ?")
    meta.put(ledger.epoch)
    meta.put(completeAsOf?.sortableText)
    try meta.run()
    var cursor = try FileStatement(
      db,
      """
      UPDATE cursors SET epoch = ?, transaction_id = ?, entry_id = ?, entries = ?
      WHERE table_name = 'audit_entries'
      """)
    cursor.put(position.epoch)
    cursor.put(position.transactionID)
    cursor.put(position.entryID)
    cursor.put(entries)
    try cursor.run()
  }

  static func create(ledger: LedgerIdentity, filter: String?, _ db: Database) throws {
    try db.execute(sql: AuditFileSchema.script)
    try db.execute(
      sql: "INSERT INTO meta VALUES (1, ?, ?, ?, NULL, ?)",
      arguments: [AuditFileSchema.version, ledger.id, ledger.epoch, filter])
    try db.execute(sql: "INSERT INTO cursors VALUES ('audit_entries', 0, 0, 0, 0)")
  }
}
