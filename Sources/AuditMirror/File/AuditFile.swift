import ClaimedFile
import GRDB
import Synchronization
import TrustBudget

/// A node's copy of the trail, while this process writes it.
///
/// `@unchecked Sendable`: followers are used within accesses to the database alone, one at a time.
final class AuditFile: @unchecked Sendable {
  private let queue: DatabaseQueue
  /// nil for an export, which is beside nobody else.
  private let claim: ClaimedFile?
  private let headsInterval: Int64
  private let current: Mutex<FileSummary>
  private var pending: FileSummary
  private var follower: ChainFollower?
  private var journals: JournalFollower?
  /// Which definitions of the file were checked, as SQLite numbers them.
  private var checkedSchema: Int64?

  /// Opens a file to be written by this process alone, and makes it if there is none.
  ///
  /// - Throws: `AuditFileError`; `MirrorRefusal.foreignLedger` for a file of another ledger.
  static func open(
    _ claim: ClaimedFile, ledger: LedgerIdentity, headsInterval: Int64
  ) async throws -> AuditFile {
    try await AuditFileError.translating {
      if let problem = WriteAheadLog.problem(of: claim.path) {
        throw AuditFileError.corrupt(problem)
      }
      try claim.make()
      let queue = try DatabaseQueue(
        path: claim.path, configuration: configuration(isLive: true))
      return try await AuditFile(
        queue, ledger: ledger, claim: claim, headsInterval: headsInterval)
    }
  }

  /// Makes an export of an empty file.
  static func create(
    path: String, ledger: LedgerIdentity, filter: String?
  ) async throws -> AuditFile {
    try await AuditFileError.translating(isExport: true) {
      let queue = try DatabaseQueue(path: path, configuration: configuration(isLive: false))
      return try await AuditFile(queue, ledger: ledger, filter: filter)
    }
  }

  private init(
    _ queue: DatabaseQueue, ledger: LedgerIdentity, filter: String? = nil,
    claim: ClaimedFile? = nil, headsInterval: Int64 = BudgetHeads.usualInterval
  ) async throws {
    self.queue = queue
    self.claim = claim
    self.headsInterval = headsInterval
    let summary = try await queue.writeWithoutTransaction { db in
      try AuditFile.recogniseOrCreate(ledger: ledger, filter: filter, db)
    }
    guard summary.ledger.id == ledger.id else {
      throw MirrorRefusal.foreignLedger(found: ledger.id, expected: summary.ledger.id)
    }
    current = Mutex(summary)
    pending = summary
  }

  /// What the file says of itself, as of the last commit.
  var summary: FileSummary { current.withLock { $0 } }

  /// Appends entries, and commits them with the position after them.
  ///
  /// - Parameter commits: false leaves the transaction open for the next page.
  /// - Throws: `AuditFileError`, `MirrorRefusal`; nothing since the last commit is then in the file.
  func append(
    _ rows: [MirroredEntry], of window: TrailWindow, commits: Bool, endsWindow: Bool
  ) async throws {
    try await access { db in
      try begin(db)
      _ = try followed(db)
      var insert = try InsertEntry(db)
      var receipts = EntryReceipts()
      // The chains of a restricted export have gaps, and no heads.
      let isWhole = pending.filter == nil
      // By their places in memory: a row taken out is a copy of all that it refers to.
      let span = rows.span
      for index in span.indices {
        if isWhole {
          try follower?.take(span[index], of: window, db)
          receipts.append(EntryReceipt(span[index].entry))
        }
        try insert.run(span[index])
      }
      try checkPlace(of: rows.count, db)
      if let last = rows.last {
        pending.entries.position = last.position
        // A window that is cut short must not leave a file that says less than it holds.
        pending.ledger = LedgerIdentity(
          id: pending.ledger.id,
          epoch: max(pending.ledger.epoch, last.position.epoch))
      }
      pending.entries.rows += Int64(rows.count)
      let lastRow = pending.entries.rows
      try receipts.save(endingAt: lastRow, db)
      if isWhole { try follower?.endPage(rows.count, at: lastRow, db) }
      if endsWindow {
        try follower?.endWindow(window)
        pending.ledger = window.ledger
        if let moment = window.completeAsOf { pending.completeAsOf = moment }
      }
      if commits { try commit(db) }
    }
  }

  /// Whether entries that were just written follow all those that the file has ever had.
  private func checkPlace(of count: Int, _ db: Database) throws(MirrorRefusal) {
    guard count == 0 || db.lastInsertedRowID == pending.entries.rows + Int64(count) else {
      throw MirrorRefusal.fileChanged(
        "its entries do not end with the last of the \(pending.entries.rows) that were written to it"
      )
    }
  }

  /// Appends break-glass events, and commits them with the position after them.
  ///
  /// - Throws: as `append`.
  func append(
    _ rows: [MirroredEvent], of window: TrailWindow, endsWindow: Bool
  ) async throws {
    try await access { db in
      try begin(db)
      _ = try followedJournals(db)
      var put = try PutEvent(db)
      let isWhole = pending.filter == nil
      for row in rows {
        let isNew = isWhole ? try journals?.take(row, of: window, db) ?? true : true
        try put.run(row)
        pending.events.position = row.position
        pending.events.rows += isNew ? 1 : 0
      }
      if endsWindow { try journals?.endWindow(window) }
      try commit(db)
    }
  }

  /// Commits what was appended.
  func commit() async throws {
    try await access { db in
      if db.isInsideTransaction { try commit(db) }
    }
  }

  /// Ends a file that is to be taken away: with an index for whoever asks for a budget, which would cost
  /// too much beside a load.
  func finish() async throws {
    try await access { db in
      try db.inTransaction(.immediate) {
        try follower?.finish(at: pending.entries.rows, db)
        return .commit
      }
      do {
        try db.execute(sql: AuditFileSchema.budgetIndex)
      } catch let error as DatabaseError where error.mayLackTemporaryFile {
        try db.execute(sql: "PRAGMA temp_store = MEMORY")
        try db.execute(sql: AuditFileSchema.budgetIndex)
      }
    }
  }

  /// Whether entries wait for those before them.
  var isWaiting: Bool {
    get async throws { try await access { db in try followed(db).isWaiting } }
  }

  /// Whether break-glass events wait for those before them.
  var isWaitingForEvents: Bool {
    get async throws { try await access { db in try followedJournals(db).isWaiting } }
  }

  /// Whether the file ends where it says, and the newest entries are where they were written, one after
  /// another.
  ///
  /// - Throws: `MirrorRefusal.fileChanged`.
  func checkEnd(_ limit: Int) async throws {
    try await access { db in
      if let problem = try pending.endProblem(db) { throw MirrorRefusal.fileChanged(problem) }
      let rows = pending.entries.rows
      let newest = min(rows, Int64(limit))
      var row = try FileStatement(db, "SELECT count(*) FROM audit_entries WHERE rowid > ?")
      row.put(rows - newest)
      guard try row.first({ try $0.number() }) == newest else {
        throw MirrorRefusal.fileChanged("some of its newest entries are gone")
      }
    }
  }

  /// The newest rows of a table, newest first: what PostgreSQL must have, too.
  func newest<TableRow: TrailRow>(
    _: TableRow.Type, _ limit: Int
  ) async throws -> NewestRows<TableRow> {
    try await access { db in try NewestRows(limit, db) }
  }

  /// Writes the last of the log into the file, and lets go of it. Where somebody is reading, the log stays
  /// beside the file: a node's end waits for no reader.
  ///
  /// - Returns: whether nothing is in the log any more.
  @discardableResult
  func close() -> Bool {
    let isBusy = try? queue.writeWithoutTransaction { db in
      if db.isInsideTransaction { try db.rollback() }
      try db.execute(sql: "PRAGMA busy_timeout = 0")
      return try Bool.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }
    try? queue.close()
    return isBusy == false
  }

  /// The chains, as far as the file has them.
  private func followed(_ db: Database) throws -> ChainFollower {
    if let follower { return follower }
    let new = try ChainFollower(
      ledgerID: pending.ledger.id, headsInterval: headsInterval, db)
    follower = new
    return new
  }

  private func followedJournals(_ db: Database) throws -> JournalFollower {
    if let journals { return journals }
    let new = try JournalFollower(db)
    journals = new
    return new
  }

  /// Begins a transaction where none is open. What somebody defined since the last one is looked at: a
  /// trigger could write other rows than those that come.
  private func begin(_ db: Database) throws {
    guard !db.isInsideTransaction else { return }
    try db.execute(sql: "BEGIN IMMEDIATE")
    var row = try FileStatement(db, "PRAGMA schema_version")
    let version = try row.first { try $0.number() } ?? 0
    guard version != checkedSchema else { return }
    try AuditFile.checkDefinitions(db)
    checkedSchema = version
  }

  private func commit(_ db: Database) throws {
    try follower?.save(db)
    try journals?.save(db)
    try pending.save(db)
    try db.execute(sql: "COMMIT")
    let pending = pending
    current.withLock { $0 = pending }
  }

  /// One access to the database. After an error nothing is half done: the transaction is rolled
  /// back, and what was remembered of it forgotten.
  private func access<R: Sendable>(_ body: @Sendable (Database) throws -> R) async throws -> R {
    try await AuditFileError.translating(isExport: claim == nil) {
      try await queue.writeWithoutTransaction { db in
        do {
          return try body(db)
        } catch {
          if db.isInsideTransaction { try? db.rollback() }
          self.follower = nil
          self.journals = nil
          self.pending = self.summary
          throw error
        }
      }
    }
  }
}
