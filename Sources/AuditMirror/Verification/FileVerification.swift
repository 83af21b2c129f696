import GRDB
import TrustBudget

/// Verifies a file by itself: every hash, every figure, and that nothing is gone.
///
/// Whoever can rewrite the whole file, heads included, can make one that fits; against that there is
/// the comparison with PostgreSQL, or with another node's file.
package struct FileVerification: Sendable {
  private let file: ReadableFile

  package init(_ file: ReadableFile) {
    self.file = file
  }

  /// - Parameters:
  ///   - onProgress: told every so often how many rows are done, of both trails, and how many there are.
  /// - Throws: `AuditFileError` when the file cannot be read at all.
  package func run(
    onProgress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
  ) async throws -> TrailReport {
    try await file.readSorting { db in
      var report = TrailReport()
      let summary = try FileSummary(db)
      let total = summary.entries.rows + summary.events.rows
      let progress = { (done: Int64) in
        if done.isMultiple(of: 10_000) { onProgress(done, total) }
      }
      checkPages(db, &report)
      do {
        if let problem = try FileDefinition.problem(db) {
          report.add(
            TrailFault(problem: "the file's tables and views were changed: \(problem)"))
        }
        try checkEntries(summary, db, &report, progress)
        try checkEvents(summary, db, &report, progress)
        if let problem = try summary.endProblem(db) { report.add(TrailFault(problem: problem)) }
      } catch let error as DatabaseError where !error.isOfMachine {
        report.add(
          TrailFault(problem: "what follows is not verified, a page cannot be read: \(error)"))
      } catch let error as InvalidValue {
        report.add(TrailFault(problem: "the file holds what is no value of ours: \(error)"))
      }
      return report
    }
  }

  /// SQLite's own check: damaged pages, and indexes that do not match their table.
  private func checkPages(_ db: Database, _ report: inout TrailReport) {
    func note(_ damage: String) {
      report.add(TrailFault(problem: "SQLite finds damage: \(damage)"))
    }
    do {
      var lines = try FileStatement(db, "PRAGMA integrity_check(20)")
      while try lines.step() {
        let line = try lines.text()
        if line != "ok" { note(line) }
      }
    } catch {
      // What can be read is verified all the same.
      note("\(error)")
    }
  }

  private func checkEntries(
    _ summary: FileSummary, _ db: Database, _ report: inout TrailReport,
    _ onProgress: (Int64) -> Void
  ) throws {
    if summary.filter == nil {
      try replay(summary, db, &report, onProgress)
    } else {
      try checkPairs(summary, db, &report, onProgress)
    }
    try checkOrder(of: MirroredEntry.self, db, &report)
    try checkWaiting(of: MirroredEntry.self, upTo: summary.entries.position, db, &report)
    if summary.ledger.epoch < summary.entries.position.epoch {
      report.add(
        TrailFault(
          problem: "the file says that it is of epoch \(summary.ledger.epoch), and there are "
            + "entries of epoch \(summary.entries.position.epoch)"))
    }
    if report.entries != summary.entries.rows {
      report.add(
        TrailFault(
          problem: "the file says that it holds \(summary.entries.rows) entries, and there are "
            + "\(report.entries)"))
    }
  }

  private func checkEvents(
    _ summary: FileSummary, _ db: Database, _ report: inout TrailReport,
    _ onProgress: (Int64) -> Void
  ) throws {
    var replay = try JournalReplay(summary, db, &report)
    try FileVerification.eachRow(of: MirroredEvent.self, db) { _, row in
      onProgress(report.entries + replay.events + 1)
      replay.take(row, &report)
    }
    replay.finish(&report)
    if summary.events.rows != replay.events {
      report.add(
        TrailFault(
          problem: "the file says that it holds \(summary.events.rows) break-glass events, and "
            + "there are \(replay.events)"))
    }
    try checkOrder(of: MirroredEvent.self, db, &report)
    try checkWaiting(of: MirroredEvent.self, upTo: summary.events.position, db, &report)
  }

  /// Replays each budget from its first entry, and compares with what came and with what is recorded.
  private func replay(
    _ summary: FileSummary, _ db: Database, _ report: inout TrailReport,
    _ onProgress: (Int64) -> Void
  ) throws {
    var replay = try BudgetReplay(summary, db, &report)
    try FileVerification.eachRow(of: MirroredEntry.self, db) { rowID, row in
      report.entries += 1
      onProgress(report.entries)
      try replay.take(row, at: rowID, db, &report)
    }
    try replay.finish(db, &report)
  }

  /// Of an export that was restricted: what can be checked with the entries that are there.
  private func checkPairs(
    _ summary: FileSummary, _ db: Database, _ report: inout TrailReport,
    _ onProgress: (Int64) -> Void
  ) throws {
    var hasher = EntryHash(ledgerID: summary.ledger.id)
    var previous: Entry?
    var name: String?
    try FileVerification.eachRow(of: MirroredEntry.self, db) { _, row in
      report.entries += 1
      onProgress(report.entries)
      switch row {
      case .failure(let fault):
        report.add(fault)
        previous = nil
      case .success(let row):
        let entry = row.entry
        if entry.budgetID.value != name {
          (name, previous) = (entry.budgetID.value, nil)
          report.budgets += 1
        }
        let isNext = previous.map { $0.sequence + 1 == entry.sequence } ?? (entry.sequence == 1)
        if !isNext {
          report.unverifiable += 1
        } else if hasher.hash(of: entry, after: previous?.hash ?? .zero) != entry.hash {
          report.add(TrailFault(row, "its hash does not match its content and the entry before it"))
        }
        previous = entry
      }
    }
  }
}

// MARK: - Reading

extension FileVerification {
  static func awaited<TableRow: TrailRow>(
    _: TableRow.Type, _ db: Database
  ) throws -> Set<TrailPlace> {
    var rows = try FileStatement(
      db,
      """
      SELECT \(TableRow.chainColumn.name), \(TableRow.sequenceColumn) FROM \(TableRow.awaitedTable)
      """)
    var places: Set<TrailPlace> = []
    while try rows.step() {
      places.insert(
        TrailPlace(chain: TableRow.chain(try rows.text()), sequence: try rows.number()))
    }
    return places
  }

  /// Every row of a table with its rowid, each chain's in their order; a fault for one with values that nobody of
  /// ours has written.
  static func eachRow<TableRow: TrailRow>(
    of _: TableRow.Type, _ db: Database,
    _ body: (_ rowID: Int64, Result<TableRow, TrailFault>) throws -> Void
  ) throws {
    // There may be no index for it. The places are sorted, and not all that stands there.
    var places = try FileStatement(
      db,
      """
      SELECT rowid FROM \(TableRow.table)
      ORDER BY \(TableRow.chainColumn.name), \(TableRow.sequenceColumn)
      """)
    var rows = try FileStatement(
      db,
      """
      SELECT \(TrailFault.columns(of: TableRow.self)), \(TableRow.fileColumns)
      FROM \(TableRow.table) WHERE rowid = ?
      """)
    defer {
      places.reset()
      rows.reset()
    }
    while try places.step() {
      let rowID = try places.number()
      rows.put(rowID)
      defer { rows.reset() }
      guard try rows.step() else { continue }
      rows.seek(TrailFault.columnCount)
      do {
        try body(rowID, .success(try TableRow(reading: &rows)))
      } catch let error as InvalidValue {
        rows.seek(0)
        try body(rowID, .failure(TrailFault(unreadable: TableRow.self, &rows, error)))
      }
    }
  }
}
