import BudgetLedger
import ClaimedFile
import GRDB
import LibPQ
import TrustBudget

/// Where an export comes from: a file, or PostgreSQL.
package enum ExportSource: Sendable {
  case file(ReadableFile)
  case postgres(connectionString: String)

  /// - Throws: `AuditFileError` where an export would replace its own source, or a node's file:
  ///   evidence is never overwritten.
  func refuse(toBeReplacedAt path: String) throws(AuditFileError) {
    if case .file(let file) = self, ClaimedFile.isSame(file.path, path) {
      throw .unwritable("\(path) is what is exported; name another file to write")
    }
    guard !ClaimedFile.hasBeenClaimed(path), !ExportSource.isOfNode(path) else {
      throw .unwritable("\(path) is a node's own file, and is not replaced; name another one")
    }
    if let owner = ClaimedFile.owner(ofWhatWasSetAsideAs: path), ClaimedFile.hasBeenClaimed(owner) {
      throw .unwritable("\(path) was set aside by a node, and is not replaced; name another file")
    }
    guard let owner = ClaimedFile.owner(ofWhatIsBeside: path) else { return }
    var isNeeded = ClaimedFile.hasBeenClaimed(owner)
    if case .file(let file) = self { isNeeded = isNeeded || ClaimedFile.isSame(file.path, owner) }
    if isNeeded {
      throw .unwritable("\(path) belongs to \(owner), and is not replaced; name another one")
    }
  }

  /// Whether a file is a node's own, or a copy of one, by its header: emergencies that it alone has are in a
  /// journal.
  private static func isOfNode(_ path: String) -> Bool {
    guard let header = DatabaseHeader(path) else { return false }
    return switch header.kind {
    case .auditFile: header.hasLog
    case .breakGlassJournal: true
    case nil: false
    }
  }

  /// Whether what is to be handed on is evidence: an export has receipts and heads of its own, and nothing
  /// that was wrong with a file would be found in it.
  ///
  /// - Throws: `AuditFileError` for a file that does not verify.
  func verify(onProgress: @escaping @Sendable (Int64, Int64) -> Void) async throws {
    guard case .file(let file) = self else { return }
    let report = try await FileVerification(file).run(onProgress: onProgress)
    if let fault = report.faults.first {
      throw AuditFileError.corrupt("\(fault); trust-budget audit verify --file says all")
    }
  }

  /// Lends a consistent view of the trail.
  func withView<R: Sendable>(_ body: (ExportView) async throws -> R) async throws -> R {
    switch self {
    case .file(let file): try await body(try await ExportView(of: file))
    case .postgres(let connectionString):
      try await TrailReader.with(connectionString) { try await body(try await ExportView(of: $0)) }
    }
  }
}

/// What an export is of: both trails, as they are at one moment.
struct ExportView: Sendable {
  private enum Rows: Sendable {
    /// Rows are only ever added: as far as the file goes now is a consistent view of it.
    case file(ReadableFile, lastEntry: Int64, lastEvent: Int64)
    /// Below the horizon nothing changes any more, so the window is a consistent view of PostgreSQL
    /// without a long transaction that would hold up everybody's vacuum.
    case postgres(TrailReader, TrailWindow)
  }

  let ledger: LedgerIdentity
  /// Rows, for progress; an estimate where they come from PostgreSQL.
  let rows: Int64
  let completeAsOf: Timestamp?
  /// A row whose predecessor is not in the view must have come by this transaction.
  let nextTransaction: Int64
  /// Rows are committed that the view does not reach, because an older transaction is open.
  let isHeldBack: Bool
  private let source: Rows

  init(of file: ReadableFile) async throws {
    let (summary, entry, event, awaited) = try await file.read { db in
      let summary = try FileSummary(db)
      // It would lose what is numbered from below 1 on.
      if let problem = try FileDefinition.problem(db) ?? summary.endProblem(db) {
        throw AuditFileError.corrupt(problem)
      }
      return (
        summary, try FileRows<MirroredEntry>.last(db),
        try FileRows<MirroredEvent>.last(db),
        max(
          try ExportView.horizon(of: MirroredEntry.self, db),
          try ExportView.horizon(of: MirroredEvent.self, db))
      )
    }
    guard summary.filter == nil else {
      throw AuditFileError.unusable("it is an export that was restricted; export the whole one")
    }
    ledger = summary.ledger
    rows = summary.entries.rows + summary.events.rows
    completeAsOf = summary.completeAsOf
    nextTransaction = awaited
    isHeldBack = false
    source = .file(file, lastEntry: entry, lastEvent: event)
  }

  init(of reader: TrailReader) async throws {
    let window = try await reader.window()
    ledger = window.ledger
    rows = try await reader.estimate()
    completeAsOf = window.isHeldBack ? nil : window.moment
    // Where nothing lies above the horizon, nobody's predecessor does.
    nextTransaction = window.isHeldBack ? window.nextTransaction : 0
    isHeldBack = window.isHeldBack
    source = .postgres(reader, window)
  }

  /// Hands over what a filter asks for of one of the trails, page by page, in the order in which it is
  /// followed, and about how many rows were looked at for it.
  ///
  /// - Throws: also for a row that holds what is no value of ours; of PostgreSQL, where the filter asks for it.
  func read<TableRow: ExportedRow>(
    _: TableRow.Type, _ filter: ExportFilter, _ body: ([TableRow], _ read: Int) async throws -> Void
  ) async throws {
    switch source {
    case .file(let file, let lastEntry, let lastEvent):
      let end = TableRow.self == MirroredEvent.self ? lastEvent : lastEntry
      var rowID: Int64 = 0
      while rowID < end {
        let start = rowID
        let limit = Int(min(Int64(TableRow.pageSize), end - start))
        let page = try await file.read {
          try FileRows<TableRow>.page(after: start, limit: limit, $0)
        }
        if let fault = page.faults.first { throw AuditFileError.corrupt("\(fault)") }
        guard page.lastRowID > rowID else {
          throw AuditFileError.corrupt(
            "the rows of \(TableRow.table) end at \(rowID), and went as far as \(end)")
        }
        rowID = page.lastRowID
        try await body(page.rows.filter { $0.isWanted(by: filter) }, page.rows.count)
      }
    case .postgres(let reader, let window):
      var next: TrailPosition? = .start
      while let position = next {
        let page: FilteredPage<TableRow> = try await reader.page(
          after: position, of: window, limit: TableRow.pageSize, filter: filter)
        try await body(page.found.filter { $0.isWanted(by: filter) }, page.read)
        next = page.next
      }
    }
  }

  /// The horizon by which all that is awaited must have come.
  private static func horizon<TableRow: TrailRow>(
    of _: TableRow.Type, _ db: Database
  ) throws -> Int64 {
    var row = try FileStatement(
      db, "SELECT coalesce(max(horizon), 0) FROM \(TableRow.awaitedTable)")
    return try row.first { try $0.number() } ?? 0
  }
}
