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
  ) async throws -> FileReport {
    let reader = try await TrailReader.open(configuration)
    do {
      let report = try await compare(reader, onProgress)
      await reader.close()
      return report
    } catch {
      await reader.close()
      throw error
    }
  }

  private func compare(
    _ reader: TrailReader, _ onProgress: @Sendable (Int64, Int64) -> Void
  ) async throws -> FileReport {
    let summary = try await file.summary
    guard summary.filter == nil else {
      throw AuditFileError.unusable(
        "this export was restricted (\(summary.filter ?? "")); compare a whole one")
    }
    let window = try await reader.window()
    guard window.ledger.id == summary.ledger.id else {
      throw MirrorRefusal.foreignLedger(found: window.ledger.id, expected: summary.ledger.id)
    }
    // As far as the file says that it goes.
    let end = TrailWindow(
      ledger: LedgerIdentity(id: window.ledger.id, epoch: summary.position.epoch),
      horizon: summary.position.transactionID + 1, nextTransaction: 0, isHeldBack: false,
      moment: window.moment)
    var report = FileReport()
    var ours = FilePages(file: file, size: 8_192)
    var theirs = PostgresPages(reader: reader, window: end, size: 8_192)
    var mine = try await ours.next()
    var other = try await theirs.next()
    while mine != nil || other != nil {
      if let other, other.position > summary.position, mine == nil { break }
      switch (mine, other) {
      case (let row?, let found?) where row.position == found.position:
        report.entries += 1
        if row != found {
          report.add(Comparison.fault(row, Comparison.difference(row.entry, found.entry)))
        }
        mine = try await ours.next()
        other = try await theirs.next()
      case (let row?, let found) where found.map({ row.position < $0.position }) ?? true:
        report.entries += 1
        report.add(Comparison.fault(row, "it is in the file, and not in PostgreSQL"))
        mine = try await ours.next()
      default:
        if let other {
          report.add(Comparison.fault(other, "it is in PostgreSQL, and not in the file"))
        }
        other = try await theirs.next()
      }
      if report.entries.isMultiple(of: 10_000) { onProgress(report.entries, summary.entries) }
    }
    for fault in ours.faults { report.add(fault) }
    return report
  }

  private static func fault(_ row: MirroredEntry, _ problem: String) -> FileFault {
    FileFault(
      budgetID: row.entry.budgetID.value, sequence: row.entry.sequence, entryID: row.entryID,
      problem: problem)
  }

  /// Names the columns that differ.
  private static func difference(_ a: Entry, _ b: Entry) -> String {
    let columns: [(String, Bool)] = [
      ("epoch", a.epoch == b.epoch), ("budget_id", a.budgetID == b.budgetID),
      ("budget_seq", a.sequence == b.sequence), ("kind", a.kind == b.kind),
      ("username", a.username == b.username), ("cost", a.cost == b.cost),
      ("balance_before", a.balanceBefore == b.balanceBefore),
      ("balance_after", a.balanceAfter == b.balanceAfter),
      ("request_id", a.requestID == b.requestID), ("part", a.part == b.part),
      ("rule", a.rule == b.rule), ("policy_digest", a.policyDigest == b.policyDigest),
      ("actor", a.actor == b.actor), ("node", a.node == b.node), ("detail", a.detail == b.detail),
      ("occurred_at", a.occurredAt == b.occurredAt), ("hash", a.hash == b.hash),
    ]
    let names = columns.filter { !$0.1 }.map(\.0)
    return "file and PostgreSQL differ in \(names.joined(separator: ", "))"
  }
}

/// The rows of a file in the order of the trail, page by page.
private struct FilePages {
  let file: ReadableFile
  let size: Int
  private(set) var faults: [FileFault] = []
  private var page: [MirroredEntry] = []
  private var index = 0
  private var rowID: Int64 = 0
  private var last: TrailPosition?

  init(file: ReadableFile, size: Int) {
    self.file = file
    self.size = size
  }

  mutating func next() async throws -> MirroredEntry? {
    while true {
      if index == page.count {
        let (rowID, size) = (rowID, size)
        let read = try await file.read { try FileRows.page(after: rowID, limit: size, $0) }
        guard read.lastRowID > rowID else { return nil }
        (self.rowID, page, index) = (read.lastRowID, read.rows, 0)
        faults += read.faults
        continue
      }
      let row = page[index]
      index += 1
      // Rows were written in the order of the trail; one that is not was put there later.
      if let last, row.position <= last {
        faults.append(
          FileFault(
            budgetID: row.entry.budgetID.value, sequence: row.entry.sequence,
            entryID: row.entryID, problem: "it is not where it belongs in the file's order"))
        continue
      }
      last = row.position
      return row
    }
  }
}

/// The rows of PostgreSQL, page by page.
private struct PostgresPages {
  let reader: TrailReader
  let window: TrailWindow
  let size: Int
  private var page: [MirroredEntry] = []
  private var index = 0
  private var position = TrailPosition.start
  private var isOver = false

  init(reader: TrailReader, window: TrailWindow, size: Int) {
    self.reader = reader
    self.window = window
    self.size = size
  }

  mutating func next() async throws -> MirroredEntry? {
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
