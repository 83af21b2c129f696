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
  ///   - onProgress: told every so often how many entries are done, and how many there are.
  /// - Throws: `AuditFileError` when the file cannot be read at all.
  package func run(
    onProgress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
  ) async throws -> TrailReport {
    try await file.readSorting { db in
      var report = TrailReport()
      let summary = try FileSummary(db)
      report.events = summary.events.map { _ in 0 }
      let total = summary.entries.rows + (summary.events?.rows ?? 0)
      let progress = { (done: Int64) in
        if done.isMultiple(of: 10_000) { onProgress(done, total) }
      }
      checkPages(db, &report)
      do {
        if let problem = try FileDefinition.problem(db) {
          report.add(
            TrailFault(problem: "the file's tables and views were changed: \(problem)"))
        }
        if summary.filter == nil {
          try replay(summary, db, &report, progress)
        } else {
          try checkPairs(summary, db, &report, progress)
        }
        if report.entries != summary.entries.rows {
          report.add(
            TrailFault(
              problem: "the file says that it holds \(summary.entries.rows) entries, and there are "
                + "\(report.entries)"))
        }
        if summary.events != nil { try checkEvents(summary, db, &report, progress) }
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

  /// Replays each budget from its first entry, and compares with what came and with what is recorded.
  private func replay(
    _ summary: FileSummary, _ db: Database, _ report: inout TrailReport,
    _ onProgress: (Int64) -> Void
  ) throws {
    var check = EntryCheck(ledgerID: summary.ledger.id)
    var awaited = try FileVerification.awaited(MirroredEntry.self, in: "awaited", db)
    // Before the third format, a state was that of the newest entry, and there were no receipts.
    let format = try AuditFile.format(of: db)
    let hasReceipts = format >= AuditFileSchema.receiptsVersion
    var heads = format >= AuditFileSchema.headsVersion ? try HeadCheck(db) : nil
    var losses = hasReceipts ? try EntryLosses(db, &report) : EntryLosses()
    var states = try StateCursor(db)
    var recorded: BudgetState?
    var budget: Budget?
    var createdAt = Timestamp(microseconds: 0)
    /// What the entries made of the budget when they were at the recorded one.
    var found: BudgetState?
    var name: String?
    var isFaulty = false

    func noteAbandoned(_ name: String, _ state: BudgetState?) {
      let last = losses.take(name)?.last ?? state?.budget.lastSequence
      report.add(TrailFault(.budget(name), problem: FileVerification.allGone(last)))
    }

    func begin(_ newName: String) throws {
      (name, budget, found, isFaulty) = (newName, nil, nil, false)
      recorded = try states.take(upTo: newName, noteAbandoned)
      try heads?.begin(newName, db)
    }

    func finish() {
      guard let name else { return }
      report.budgets += 1
      let loss = losses.take(name)
      guard !isFaulty else { return }
      let last = budget.map { BudgetState(budget: $0, createdAt: createdAt) }
      if let problem = loss?.problem(after: budget?.lastSequence ?? 0)
        ?? FileVerification.difference(hasReceipts ? found ?? last : last, recorded)
        ?? heads?.problem
      {
        report.add(TrailFault(.budget(name), problem: problem))
      }
    }

    try FileVerification.eachRow(of: MirroredEntry.self, db) { rowID, row in
      report.entries += 1
      onProgress(report.entries)
      switch row {
      case .failure(let unreadable):
        if unreadable.chain != name {
          finish()
          try begin(unreadable.chain)
        }
        if !isFaulty { report.add(unreadable.fault) }
        isFaulty = true
      case .success(let row):
        let entry = row.entry
        if entry.budgetID.value != name {
          finish()
          try begin(entry.budgetID.value)
          createdAt = entry.occurredAt
        }
        guard !isFaulty else { return }
        // What came before its predecessor is verified when that has come.
        if entry.sequence > (budget?.lastSequence ?? 0) + 1,
          awaited.remove(row.place) != nil
        {
          report.unverifiable += 1
          return
        }
        do throws(Replay.Fault) {
          let next = try check.budget(budget, after: entry)
          budget = next
          if let head = next.head { heads?.note(head, at: rowID) }
          // The view `budgets` takes all but the balance from the recorded state.
          if entry.sequence == recorded?.budget.lastSequence || !entry.kind.isAllInItsBalances {
            found = BudgetState(budget: next, createdAt: createdAt)
          }
        } catch {
          isFaulty = true
          report.add(TrailFault(row, error.problem))
        }
      }
    }
    finish()
    try states.takeRest(noteAbandoned)
    if heads != nil, let stray = try HeadCheck.stray(db) { report.add(stray) }
    for (name, loss) in losses.takeAll() {
      report.add(TrailFault(.budget(name), problem: FileVerification.allGone(loss.last)))
    }
    for stranger in losses.strangers { report.add(stranger) }
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
      case .failure(let unreadable):
        report.add(unreadable.fault)
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

  /// Says how a budget's recorded state differs from what its entries make of it.
  private static func difference(_ found: BudgetState?, _ recorded: BudgetState?) -> String? {
    guard found != recorded else { return nil }
    guard let recorded else {
      return "there are entries, and the budget's recorded state is gone, or no value of ours"
    }
    guard let found else { return allGone(recorded.budget.lastSequence) }
    let (last, head) = (found.budget.lastSequence, recorded.budget.lastSequence)
    if last < head { return gone(last + 1, head, after: last) }
    if last > head {
      return "the recorded state is that of entry \(head), and entry \(last) changed it"
    }
    if found.budget.lastHash != recorded.budget.lastHash { return rewritten(last) }
    return "the recorded state is not what its entries make of it"
  }

  static func gone(_ first: Int64, _ last: Int64, after end: Int64) -> String {
    first == last
      ? "entry \(last) is gone: the trail ends at \(end)"
      : "entries \(first) to \(last) are gone: the trail ends at \(end)"
  }

  static func rewritten(_ sequence: Int64) -> String {
    "entry \(sequence) was rewritten, and its hash with it: another hash is recorded"
  }

  private static func allGone(_ last: Int64?) -> String {
    "all its entries are gone\(last.map { "; the newest was entry \($0)" } ?? "")"
  }
}

// MARK: - Reading

extension FileVerification {
  /// A row with values that nobody of ours has written.
  struct UnreadableRow: Error {
    let chain: String
    let fault: TrailFault
  }

  static func awaited<TableRow: TrailRow>(
    _: TableRow.Type, in table: String, _ db: Database
  ) throws -> Set<TrailPlace> {
    var rows = try FileStatement(
      db, "SELECT \(TableRow.chainColumn.name), \(TableRow.sequenceColumn) FROM \(table)")
    var places: Set<TrailPlace> = []
    while try rows.step() {
      places.insert(
        TrailPlace(chain: TableRow.chain(try rows.text()), sequence: try rows.number()))
    }
    return places
  }

  /// Every row of a table with its rowid, each chain's in their order.
  static func eachRow<TableRow: TrailRow>(
    of _: TableRow.Type, _ db: Database,
    _ body: (_ rowID: Int64, Result<TableRow, UnreadableRow>) throws -> Void
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
      SELECT \(TableRow.fileColumns), \(TrailFault.columns(of: TableRow.self))
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
      do {
        try body(rowID, .success(try TableRow(reading: &rows)))
      } catch let error as InvalidValue {
        rows.seek(TableRow.fileColumnCount)
        let name = (try? rows.text()) ?? ""
        rows.seek(TableRow.fileColumnCount)
        let fault = TrailFault(unreadable: TableRow.self, &rows, error)
        try body(rowID, .failure(UnreadableRow(chain: name, fault: fault)))
      }
    }
  }

  /// The recorded states, in the order of the entries.
  private struct StateCursor {
    private var rows: FileStatement
    private var next: (name: String, state: BudgetState?)?

    init(_ db: Database) throws {
      rows = try FileStatement(
        db,
        """
        SELECT \(BudgetState.columns), CAST(budget_id AS TEXT) FROM budget_states ORDER BY budget_id
        """)
      try advance()
    }

    /// The state of a budget; those before it have no entries.
    mutating func take(
      upTo name: String, _ abandoned: (String, BudgetState?) -> Void
    ) throws -> BudgetState? {
      while let next, next.name.utf8.lexicographicallyPrecedes(name.utf8) {
        abandoned(next.name, next.state)
        try advance()
      }
      guard let next, next.name == name else { return nil }
      try advance()
      return next.state
    }

    mutating func takeRest(_ abandoned: (String, BudgetState?) -> Void) throws {
      while let next {
        abandoned(next.name, next.state)
        try advance()
      }
    }

    private mutating func advance() throws {
      guard try rows.step() else {
        next = nil
        return
      }
      do {
        let state = try BudgetState(reading: &rows)
        next = (state.budget.id.value, state)
      } catch {
        rows.seek(BudgetState.columnCount)
        next = ((try? rows.text()) ?? "", nil)
      }
    }
  }
}
