import BudgetLedger
import LibPQ
import TrustBudget

/// Verifies a file, and compares it with PostgreSQL, row for row, as far as the file goes.
package struct Comparison: Sendable {
  package struct Result: Hashable, Sendable {
    /// What is wrong with the file by itself, and what differs.
    package let report: TrailReport
    /// How far the file goes, by what it says.
    package let file: FileSummary
    /// What PostgreSQL has that the file does not go to. Whether it came since, or was cut off, no file
    /// can show.
    package let behind: Behind
  }

  private let file: ReadableFile
  private let connectionString: String

  package init(_ file: ReadableFile, connectionString: String) {
    self.file = file
    self.connectionString = connectionString
  }

  /// - Throws: `MirrorRefusal` where PostgreSQL holds another ledger, or is in an epoch before the file's;
  ///   `AuditFileError`, `PostgresError`.
  package func run(
    onProgress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
  ) async throws -> Result {
    let summary = try await file.summary
    try summary.requireWhole()
    // Whoever names another PostgreSQL is told at once, and no session waits while the file is verified.
    let behind = try await TrailReader.with(connectionString) { try await Behind.read(summary, $0) }
    let report = try await FileVerification(file).run { onProgress($0, 2 * $1) }
    let compared = try await TrailReader.with(connectionString) {
      try await compare(report, summary, $0, onProgress)
    }
    return Result(report: compared, file: summary, behind: behind)
  }

  private func compare(
    _ verified: TrailReport, _ summary: FileSummary, _ reader: TrailReader,
    _ onProgress: @Sendable (Int64, Int64) -> Void
  ) async throws -> TrailReport {
    var report = verified
    do {
      try await compare(summary, reader, &report, onProgress)
    } catch AuditFileError.corrupt(let reason) {
      report.add(
        TrailFault(problem: "what follows is not compared, a page cannot be read: \(reason)"))
    } catch let fault as TrailFault {
      report.add(fault)
      report.add(TrailFault(problem: "what follows that row in PostgreSQL is not compared"))
    }
    return report
  }

  /// Both tables.
  private func compare(
    _ summary: FileSummary, _ reader: TrailReader, _ report: inout TrailReport,
    _ onProgress: @Sendable (Int64, Int64) -> Void
  ) async throws {
    let window = try await reader.window()
    let total = summary.entries.rows + summary.events.rows
    report.entries = try await compare(
      MirroredEntry.self, as: summary.entries, reader, window, &report
    ) { onProgress(total + $0, 2 * total) }
    // Of each window the events come first, so they go as far as the entries do.
    var events = summary.events
    let last = summary.entries.position
    events.position = max(
      events.position,
      TrailPosition(epoch: last.epoch, transactionID: last.transactionID, number: .max))
    let entries = report.entries
    report.events = try await compare(MirroredEvent.self, as: events, reader, window, &report) {
      onProgress(total + entries + $0, 2 * total)
    }
  }

  /// One table, as far as the file says that it goes.
  ///
  /// - Returns: how many rows of the file were compared.
  private func compare<TableRow: TrailRow>(
    _: TableRow.Type, as cursor: FileSummary.Cursor, _ reader: TrailReader, _ window: TrailWindow,
    _ report: inout TrailReport, _ onProgress: (Int64) -> Void
  ) async throws -> Int64 {
    let end = TrailWindow(
      ledger: LedgerIdentity(id: window.ledger.id, epoch: cursor.position.epoch),
      horizon: cursor.position.transactionID + 1, nextTransaction: 0, isHeldBack: false,
      moment: window.moment)
    var compared: Int64 = 0
    var ours = FilePages<TableRow>(file: file)
    var theirs = PostgresPages<TableRow>(reader: reader, window: end)
    var mine = try await ours.next()
    var other = try await theirs.next()
    while mine != nil || other != nil {
      // A live file grows while it is read.
      if let row = mine, row.position > cursor.position, try await hasGrown(past: row) {
        mine = nil
        continue
      }
      if let other, other.position > cursor.position, mine == nil { break }
      switch (mine, other) {
      case (let row?, let found?) where row.position == found.position:
        compared += 1
        let columns = row.differences(from: found)
        if !columns.isEmpty {
          let names = columns.joined(separator: ", ")
          report.add(TrailFault(row, "file and PostgreSQL differ in \(names)"))
        }
        mine = try await ours.next()
        other = try await theirs.next()
      case (let row?, let found) where found.map({ row.position < $0.position }) ?? true:
        compared += 1
        report.add(TrailFault(row, "it is in the file, and not in PostgreSQL"))
        mine = try await ours.next()
      default:
        if let other {
          report.add(TrailFault(other, "it is in PostgreSQL, and not in the file"))
        }
        other = try await theirs.next()
      }
      if compared.isMultiple(of: 10_000) { onProgress(compared) }
    }
    return compared
  }

  /// Whether the file says by now that it goes as far as a row.
  private func hasGrown<TableRow: TrailRow>(past row: TableRow) async throws -> Bool {
    let summary = try await file.summary
    let cursor = TableRow.self == MirroredEvent.self ? summary.events : summary.entries
    return row.position <= cursor.position
  }
}

/// The rows of a file in the order of the trail, page by page.
private struct FilePages<TableRow: TrailRow> {
  let file: ReadableFile
  private var page: [TableRow] = []
  private var index = 0
  // Whoever puts rows there by hand may number them from below 1 on.
  private var rowID = Int64.min
  private var last: TrailPosition?

  init(file: ReadableFile) { self.file = file }

  mutating func next() async throws -> TableRow? {
    while true {
      if index == page.count {
        let rowID = rowID
        let read = try await file.read {
          try FileRows<TableRow>.page(after: rowID, limit: TableRow.pageSize, $0)
        }
        guard read.lastRowID > rowID else { return nil }
        (self.rowID, page, index) = (read.lastRowID, read.rows, 0)
        continue
      }
      let row = page[index]
      index += 1
      // One that is not where it belongs was told of when the file was verified, as one that holds what is no
      // value of ours.
      if let last, row.position <= last { continue }
      last = row.position
      return row
    }
  }
}

/// The rows of PostgreSQL, page by page.
private struct PostgresPages<TableRow: TrailRow> {
  let reader: TrailReader
  let window: TrailWindow
  private var page: [TableRow] = []
  private var index = 0
  private var position = TrailPosition.start
  private var isOver = false

  init(reader: TrailReader, window: TrailWindow) {
    self.reader = reader
    self.window = window
  }

  mutating func next() async throws -> TableRow? {
    if index == page.count {
      guard !isOver else { return nil }
      page = try await reader.page(after: position, of: window, limit: TableRow.pageSize)
      index = 0
      isOver = page.count < TableRow.pageSize
      guard let last = page.last else { return nil }
      position = last.position
    }
    defer { index += 1 }
    return page[index]
  }
}
