import BudgetLedger
import LibPQ
import TrustBudget

/// Where an export comes from: a file, or PostgreSQL.
package enum ExportSource: Sendable {
  case file(ReadableFile)
  case postgres(connectionString: String)

  /// Hands over a consistent view of the trail, page by page.
  ///
  /// - Parameters:
  ///   - begin: told of what the view is, before the first page.
  ///   - body: takes a page.
  func read(
    pageSize: Int = 8_192,
    begin: @Sendable (ExportView) async throws -> Void,
    _ body: @Sendable ([MirroredEntry]) async throws -> Void
  ) async throws {
    switch self {
    case .file(let file): try await read(file, pageSize, begin, body)
    case .postgres(let connectionString):
      try await read(connectionString, pageSize, begin, body)
    }
  }

  /// Entries are only ever added: as far as the file goes now is a consistent view of it.
  private func read(
    _ file: ReadableFile, _ pageSize: Int, _ begin: (ExportView) async throws -> Void,
    _ body: ([MirroredEntry]) async throws -> Void
  ) async throws {
    let (summary, end, awaited) = try await file.read { db in
      (
        try FileSummary(db), try FileRows.last(db), try FileRows.awaited(db)
      )
    }
    guard summary.filter == nil else {
      throw AuditFileError.unusable("it is an export that was restricted; export the whole one")
    }
    try await begin(
      ExportView(
        ledger: summary.ledger, entries: summary.entries, completeAsOf: summary.completeAsOf,
        nextTransaction: awaited))
    var rowID: Int64 = 0
    while rowID < end {
      let start = rowID
      let limit = Int(min(Int64(pageSize), end - start))
      let page = try await file.read { try FileRows.page(after: start, limit: limit, $0) }
      if let fault = page.faults.first { throw AuditFileError.corrupt("\(fault)") }
      guard page.lastRowID > rowID else { return }
      rowID = page.lastRowID
      try await body(page.rows)
    }
  }

  /// Below the horizon nothing changes any more, so the window is a consistent view of PostgreSQL
  /// without a long transaction that would hold up everybody's vacuum.
  private func read(
    _ connectionString: String, _ pageSize: Int, _ begin: (ExportView) async throws -> Void,
    _ body: ([MirroredEntry]) async throws -> Void
  ) async throws {
    let reader = try await TrailReader.open(
      try TrailReader.configuration(
        connectionString: connectionString, applicationName: "trust-budget audit"))
    do {
      let window = try await reader.window()
      try await begin(
        ExportView(
          ledger: window.ledger, entries: try await reader.estimate(),
          completeAsOf: window.isHeldBack ? nil : window.moment,
          nextTransaction: window.nextTransaction))
      var position = TrailPosition.start
      while true {
        let page = try await reader.page(after: position, of: window, limit: pageSize)
        if let last = page.last { position = last.position }
        if !page.isEmpty { try await body(page) }
        if page.count < pageSize { break }
      }
      await reader.close()
    } catch {
      await reader.close()
      throw error
    }
  }
}

/// What an export is of.
struct ExportView: Sendable {
  let ledger: LedgerIdentity
  /// For progress; an estimate where it comes from PostgreSQL.
  let entries: Int64
  let completeAsOf: Timestamp?
  /// An entry whose predecessor is not in the view must have come by this transaction.
  let nextTransaction: Int64
}
