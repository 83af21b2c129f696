import GRDB
import TrustBudget

/// Where the rows of one of the trails stand in a file: numbered from 1 on, in the order in which they
/// came, and the last of them is the one that `cursors` names.
private struct FileEnd<TableRow: TrailRow> {
  private let first: Int64
  private let last: Int64
  /// Of the last row; nil where it is no value of ours.
  private let position: TrailPosition?

  init(_ db: Database) throws {
    var row = try FileStatement(
      db,
      """
      SELECT (SELECT min(rowid) FROM \(TableRow.table)), rowid, epoch, transaction_id,
             \(TableRow.numberColumn)
      FROM \(TableRow.table) ORDER BY rowid DESC LIMIT 1
      """)
    defer { row.reset() }
    guard try row.step() else {
      (first, last, position) = (1, 0, .start)
      return
    }
    (first, last) = (try row.number(), try row.number())
    position = try? TrailPosition(
      epoch: row.count(), transactionID: row.count(), number: row.count())
  }

  /// What is wrong with it, by what the file says of itself.
  func problem(_ cursor: FileSummary.Cursor) -> String? {
    // An event that comes again is written anew, and leaves its number free. After the last of all numbers
    // SQLite would take any that is.
    let isInPlace =
      TableRow.self == MirroredEvent.self
      ? last >= cursor.rows && FileStatement.counts.contains(last) : last == cursor.rows
    guard first >= 1, isInPlace else {
      return "the rows of \(TableRow.table) are numbered \(first) to \(last), and must be 1 to "
        + "\(cursor.rows)"
    }
    guard position == cursor.position else {
      return "\(TableRow.table) does not end with the row that the table cursors names "
        + "(\(cursor.position)): what is between the two would never come"
    }
    return nil
  }
}

extension FileSummary {
  /// What is wrong with where the file's rows stand.
  func endProblem(_ db: Database) throws -> String? {
    try FileEnd<MirroredEntry>(db).problem(entries)
      ?? FileEnd<MirroredEvent>(db).problem(events) ?? receiptsProblem(db) ?? headsProblem(db)
  }

  /// What was cut off, but for its receipts, would come once more, into a file that was changed; or never,
  /// where they are in the way.
  private func receiptsProblem(_ db: Database) throws -> String? {
    guard filter == nil, case let through = try EntryReceipts.through(db), through != entries.rows
    else { return nil }
    return "the receipts go as far as row \(through), and the file says that it has \(entries.rows)"
  }

  /// Who takes the table of heads for newer than it is finds chains broken that are not.
  private func headsProblem(_ db: Database) throws -> String? {
    guard case let through = try BudgetHeads.through(db), through > entries.rows else { return nil }
    return
      "budget_heads says that it goes as far as row \(through), and the file has \(entries.rows)"
  }
}
