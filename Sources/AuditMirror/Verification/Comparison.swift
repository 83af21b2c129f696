import BudgetLedger
import LibPQ
import TrustBudget

/// Compares a file with PostgreSQL, row for row, as far as the file goes.
package struct Comparison: Sendable {
  private let file: ReadableFile
  private let configuration: PostgresConfiguration

  /// - Throws: `PostgresError` when the connection string cannot be read.
  package init(_ file: ReadableFile, connectionString: String) throws {
    self.file = file
    configuration = try TrailReader.configuration(
      connectionString: connectionString, applicationName: "trust-budget audit")
  }

  /// - Returns: what differs; entries that are newer than the file are no difference.
  /// - Throws: `MirrorRefusal.foreignLedger`, `AuditFileError`, `PostgresError`.
  package func run(
    onProgress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
  ) async throws -> TrailReport {
    try await TrailReader.with(configuration) { try await compare($0, onProgress) }
  }

  private func compare(
    _ reader: TrailReader, _ onProgress: @Sendable (Int64, Int64) -> Void
  ) async throws -> TrailReport {
    let summary = try await file.summary
    guard summary.filter == nil else {
      throw AuditFileError.unusable(
        "this export was restricted (\(summary.filter ?? "")); compare a whole one")
    }
    let window = try await reader.window()
    guard window.ledger.id == summary.ledger.id else {
      throw MirrorRefusal.foreignLedger(found: window.ledger.id, expected: summary.ledger.id)
    }
    let total = summary.entries.rows + (summary.events?.rows ?? 0)
    var report = TrailReport()
    report.entries = try await compare(
      MirroredEntry.self, as: summary.entries, reader, window, &report
    ) { onProgress($0, total) }
    if var events = summary.events {
      // Events come before the entries of the same window: in a file that is complete they go as far.
      let last = summary.entries.position
      if summary.completeAsOf != nil {
        events.position = max(
          events.position,
          TrailPosition(epoch: last.epoch, transactionID: last.transactionID, number: .max))
      }
      let entries = report.entries
      report.events = try await compare(MirroredEvent.self, as: events, reader, window, &report) {
        onProgress(entries + $0, total)
      }
    }
    return report
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
    var ours = FilePages<TableRow>(file: file, size: 8_192)
    var theirs = PostgresPages<TableRow>(reader: reader, window: end, size: 8_192)
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
        if row != found {
          let columns = row.differences(from: found).joined(separator: ", ")
          report.add(TrailFault(row, "file and PostgreSQL differ in \(columns)"))
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
    for fault in ours.faults { report.add(fault) }
    return compared
  }

  /// Whether the file says by now that it goes as far as a row.
  private func hasGrown<TableRow: TrailRow>(past row: TableRow) async throws -> Bool {
    let summary = try await file.summary
    let cursor = TableRow.self == MirroredEvent.self ? summary.events : summary.entries
    return cursor.map { row.position <= $0.position } ?? false
  }
}

/// The rows of a file in the order of the trail, page by page.
private struct FilePages<TableRow: TrailRow> {
  let file: ReadableFile
  let size: Int
  private(set) var faults: [TrailFault] = []
  private var page: [TableRow] = []
  private var index = 0
  // Whoever puts rows there by hand may number them from below 1 on.
  private var rowID = Int64.min
  private var last: TrailPosition?

  init(file: ReadableFile, size: Int) {
    self.file = file
    self.size = size
  }

  mutating func next() async throws -> TableRow? {
    while true {
      if index == page.count {
        let (rowID, size) = (rowID, size)
        let read = try await file.read {
          try FileRows<TableRow>.page(after: rowID, limit: size, $0)
        }
        guard read.lastRowID > rowID else { return nil }
        (self.rowID, page, index) = (read.lastRowID, read.rows, 0)
        faults += read.faults
        continue
      }
      let row = page[index]
      index += 1
      // Rows were written in the order of the trail; one that is not was put there later.
      if let last, row.position <= last {
        faults.append(TrailFault(row, "it is not where it belongs in the file's order"))
        continue
      }
      last = row.position
      return row
    }
  }
}

/// The rows of PostgreSQL, page by page.
private struct PostgresPages<TableRow: TrailRow> {
  let reader: TrailReader
  let window: TrailWindow
  let size: Int
  private var page: [TableRow] = []
  private var index = 0
  private var position = TrailPosition.start
  private var isOver = false

  init(reader: TrailReader, window: TrailWindow, size: Int) {
    self.reader = reader
    self.window = window
    self.size = size
  }

  mutating func next() async throws -> TableRow? {
    if index == page.count {
      guard !isOver else { return nil }
      page = try await reader.page(after: position, of: window, limit: size)
      index = 0
      isOver = page.count < size
      guard let last = page.last else { return nil }
      position = last.position
    }
    defer { index += 1 }
    return page[index]
  }
}
