import GRDB
import TrustBudget

/// A page of a file's rows, in the order in which they were written.
struct FileRows: Sendable {
  var rows: [MirroredEntry] = []
  var faults: [FileFault] = []
  /// Where the next page begins.
  var lastRowID: Int64

  static func page(after rowID: Int64, limit: Int, _ db: Database) throws -> FileRows {
    var statement = try FileStatement(
      db,
      """
      SELECT \(MirroredEntry.fileColumns), rowid, CAST(budget_id AS TEXT), budget_seq, entry_id
      FROM audit_entries WHERE rowid > ? ORDER BY rowid LIMIT ?
      """)
    statement.put(rowID)
    statement.put(Int64(limit))
    defer { statement.reset() }
    var page = FileRows(lastRowID: rowID)
    while try statement.step() {
      do {
        page.rows.append(try MirroredEntry(reading: &statement))
      } catch {
        statement.seek(MirroredEntry.fileColumnCount + 1)
        page.faults.append(
          FileFault(
            budgetID: try? statement.text(), sequence: try? statement.number(),
            entryID: try? statement.number(),
            problem: "it holds what is no value of ours: \(error)"))
      }
      statement.seek(MirroredEntry.fileColumnCount)
      page.lastRowID = try statement.number()
    }
    return page
  }
}

extension FileRows {
  /// The rowid of the row that was written last.
  static func last(_ db: Database) throws -> Int64 {
    var row = try FileStatement(db, "SELECT coalesce(max(rowid), 0) FROM audit_entries")
    defer { row.reset() }
    return try row.step() ? row.number() : 0
  }

  /// The horizon by which all that is awaited must have come.
  static func awaited(_ db: Database) throws -> Int64 {
    var row = try FileStatement(db, "SELECT coalesce(max(horizon), 0) FROM awaited")
    defer { row.reset() }
    return try row.step() ? row.number() : 0
  }
}
