import GRDB
import TrustBudget

/// A page of a table of a file, in the order in which its rows were written.
struct FileRows<TableRow: TrailRow>: Sendable {
  var rows: [TableRow] = []
  var faults: [TrailFault] = []
  /// Where the next page begins.
  var lastRowID: Int64

  static func page(after rowID: Int64, limit: Int, _ db: Database) throws -> FileRows {
    var statement = try FileStatement(
      db,
      """
      SELECT rowid, \(TrailFault.columns(of: TableRow.self)), \(TableRow.fileColumns)
      FROM \(TableRow.table) WHERE rowid > ? ORDER BY rowid LIMIT ?
      """)
    statement.put(rowID)
    statement.put(Int64(limit))
    defer { statement.reset() }
    var page = FileRows(lastRowID: rowID)
    while try statement.step() {
      page.lastRowID = try statement.number()
      do {
        statement.seek(1 + TrailFault.columnCount)
        page.rows.append(try TableRow(reading: &statement))
      } catch {
        statement.seek(1)
        page.faults.append(TrailFault(unreadable: TableRow.self, &statement, error))
      }
    }
    return page
  }

  /// The rowid of the row that was written last.
  static func last(_ db: Database) throws -> Int64 {
    var row = try FileStatement(db, "SELECT coalesce(max(rowid), 0) FROM \(TableRow.table)")
    return try row.first { try $0.number() } ?? 0
  }
}
