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
  /// Break-glass events; nil in a file of the first format, which knows none.
  package var events: Cursor?
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
    guard let entries = try FileSummary.cursor(MirroredEntry.table, db) else {
      throw AuditFileError.corrupt("its table cursors is empty")
    }
    self.entries = entries
    events = try FileSummary.cursor(MirroredEvent.table, db)
    // Whoever calls a file one of an earlier format shall not keep from it what that one had not.
    let format = try AuditFile.format(of: db)
    guard
      try Bool.fetchOne(
        db, sql: "SELECT typeof(format_version) = 'integer' AND format_version = ? FROM meta",
        arguments: [format]) == true
    else {
      throw AuditFileError.corrupt("its header says that its format is \(format), and meta another")
    }
    guard events != nil || format == AuditFileSchema.oldestVersion else {
      throw AuditFileError.corrupt("its table cursors lacks break_glass_events")
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

  /// Whether the events must go as far as the entries do: of each window they come first.
  ///
  /// They need not in a file that was brought up from the first format and has had no window since, nor in an
  /// export of a file of that format. Neither says that it is complete, and both have a unique index of the
  /// entries, which other files of nodes have not.
  func hasEventsAsFarAsEntries(_ db: Database) throws -> Bool {
    if completeAsOf != nil { return true }
    guard try AuditFile.format(of: db) == AuditFileSchema.version else { return false }
    return try Bool.fetchOne(
      db,
      sql: """
        SELECT NOT EXISTS (SELECT * FROM pragma_index_list('audit_entries') WHERE "unique")
        """) == true
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
      sql: """
        INSERT INTO meta (only_row, format_version, ledger_id, epoch, filter) VALUES (1, ?, ?, ?, ?)
        """,
      arguments: [AuditFileSchema.version, ledger.id, ledger.epoch, filter])
    try db.execute(sql: "INSERT INTO cursors VALUES ('audit_entries', 0, 0, 0, 0)")
  }

  /// Gives a file of an earlier format what the present one has more.
  ///
  /// - Throws: `AuditFileError.corrupt` for a file that has not all that it says: what is missing would
  ///   be known to nobody afterwards.
  static func upgrade(_ db: Database) throws {
    let format = try AuditFile.format(of: db)
    if let problem = try FileSummary(db).endProblem(db) { throw AuditFileError.corrupt(problem) }
    if format < AuditFileSchema.receiptsVersion { try checkHeads(db) }
    if format == AuditFileSchema.oldestVersion {
      // The events come with the next window; until then the file says of no moment that it is complete.
      try db.execute(sql: AuditFileSchema.breakGlass)
      try db.execute(sql: "UPDATE meta SET complete_as_of = NULL")
    }
    if format < AuditFileSchema.receiptsVersion {
      try db.execute(sql: AuditFileSchema.receipts)
      try EntryReceipts.fill(db)
    }
    try db.execute(sql: AuditFileSchema.heads)
    try BudgetHeads.fill(db)
    try db.execute(
      sql: "UPDATE meta SET format_version = ?", arguments: [AuditFileSchema.version])
  }

  /// Whether the entries of a file without receipts end where it says.
  private static func checkHeads(_ db: Database) throws {
    let lost = try Int.fetchOne(
      db,
      sql: """
        SELECT (SELECT entries FROM cursors WHERE table_name = 'audit_entries')
                 IS NOT (SELECT count(*) FROM audit_entries)
               OR EXISTS (SELECT * FROM budget_states LEFT JOIN audit_entries
                            ON audit_entries.budget_id = budget_states.budget_id
                               AND budget_seq = last_seq
                          WHERE hash IS NOT last_hash)
        """)
    guard lost == 0 else {
      throw AuditFileError.corrupt("its entries do not end where it says that they do")
    }
  }

  private static func cursor(_ table: String, _ db: Database) throws -> Cursor? {
    var row = try FileStatement(
      db, "SELECT epoch, transaction_id, entry_id, entries FROM cursors WHERE table_name = ?")
    row.put(table)
    return try row.first {
      Cursor(
        position: TrailPosition(
          epoch: try $0.count(), transactionID: try $0.count(), number: try $0.count()),
        rows: try $0.count())
    }
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
