import ClaimedFile
import Foundation
import GRDB
import Synchronization
import TrustBudget

/// A node's own record of emergencies: on disk, forced there, before anybody is answered.
///
/// It is only ever appended to. How much of it PostgreSQL has is PostgreSQL's to say, so nothing here
/// can be half done when the node is killed.
package final class BreakGlassJournal: Sendable {
  /// The most events; with more, numbers of them would not be JSON's any more.
  private static let longest: Int64 = 1 << 53

  package let journalID: String
  private let file: ClaimedFile
  private let database: DatabaseQueue
  private let newest: Mutex<Int64>
  private let forwarded: Mutex<Int64>

  /// Opens a journal, or begins one, and verifies every event in it.
  ///
  /// - Throws: `JournalProblem`; `corrupt` when what is there is not what a node wrote, `foreign` when it is
  ///   certainly another's.
  package convenience init(path: String) throws(JournalProblem) {
    try self.init(try ClaimedFile.forJournal(path, holder: "process \(getpid())"))
  }

  /// - Throws: as ``init(path:)``. The claim is the caller's still.
  init(_ file: ClaimedFile) throws(JournalProblem) {
    do {
      if let problem = WriteAheadLog.problem(of: file.path) {
        throw JournalProblem.corrupt(problem)
      }
      try file.make()
      var configuration = Configuration()
      configuration.busyMode = .timeout(2)
      configuration.label = "break-glass journal"
      // Otherwise GRDB asks SQLite after each access whether a transaction is open, also of a database that
      // was closed, and that is a crash.
      configuration.allowsUnsafeTransactions = true
      configuration.prepareDatabase { database in
        // Before anything is set: what belongs to somebody else stays as it is.
        try JournalSchema.refuseForeign(database)
        // A commit is one fsync of the write-ahead log, and on the disk when it returns.
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
        guard mode == "wal" else {
          throw JournalProblem.unusable("the file system has no write-ahead log for SQLite")
        }
        try database.execute(sql: "PRAGMA synchronous = FULL")
      }
      let database = try DatabaseQueue(path: file.path, configuration: configuration)
      let (id, chain, forwarded) = try database.write { database in
        let id = try JournalSchema.prepare(
          database, newJournalID: UUID().uuidString.lowercased())
        return (
          id, try BreakGlassJournal.verify(database, journalID: id),
          try Int64.fetchOne(database, sql: "SELECT forwarded_through FROM journal") ?? 0
        )
      }
      if chain.sequence == 0 {
        // Out of the log: the file itself says what it is.
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint") }
      }
      self.journalID = id
      self.file = file
      self.database = database
      self.newest = Mutex(chain.sequence)
      self.forwarded = Mutex(min(max(forwarded, 0), chain.sequence))
    } catch {
      throw JournalProblem(error, path: file.path)
    }
  }

  /// The number of the newest event; 0 before the first.
  package var sequence: Int64 { newest.withLock { $0 } }

  /// Up to which event PostgreSQL has them, as far as is known.
  package var forwardedThrough: Int64 { forwarded.withLock { $0 } }

  /// Records requests in their order, all or none, in one commit. Whether that is on a disk that anybody will
  /// look at, ``isInPlace`` says afterwards.
  ///
  /// - Throws: `JournalProblem`; then none of them is recorded.
  package func record(
    _ requests: [(request: BreakGlassIssuance, moment: Timestamp)], node: String
  ) async throws(JournalProblem) -> [BreakGlassOutcome] {
    guard file.isInPlace else { throw .vanished(file.path) }
    let journalID = journalID
    do {
      let (outcomes, last) = try await ask { database in
        var outcomes: [BreakGlassOutcome] = []
        var last: Int64 = 0
        try database.inTransaction {
          var chain = try BreakGlassJournal.head(database, journalID: journalID)
          outcomes = try requests.map { request, moment in
            if let event = try BreakGlassJournal.event(
              request.requestID, database, journalID: journalID)
            {
              return BreakGlassOutcome(request, recordedAs: event)
            }
            let event = chain.append(request, node: node, at: moment)
            try event.insert(into: database)
            return .recorded(event, replayed: false)
          }
          last = chain.sequence
          return .commit
        }
        return (outcomes, last)
      }
      newest.withLock { $0 = last }
      return outcomes
    } catch {
      throw JournalProblem(error, path: file.path)
    }
  }

  /// Events that follow one, in their order.
  ///
  /// - Throws: `JournalProblem`.
  package func events(
    after sequence: Int64, limit: Int
  ) async throws(JournalProblem) -> [BreakGlassEvent] {
    try await read { database, journalID in
      try Row.fetchAll(
        database,
        sql: """
          SELECT \(BreakGlassEvent.columns) FROM break_glass_events
          WHERE node_seq > ? ORDER BY node_seq LIMIT ?
          """,
        arguments: [sequence, limit]
      ).map { try BreakGlassEvent(row: $0, journalID: journalID) }
    }
  }

  /// A page of events, the newest first.
  ///
  /// - Throws: `JournalProblem`.
  package func page(
    before place: BreakGlassPlace?, limit: Int
  ) async throws(JournalProblem) -> [BreakGlassEvent] {
    try await read { database, journalID in
      // Of events with the time of `place`, those of a journal that sorts before it follow.
      let beforeSequence =
        switch place {
        case nil: Int64.max
        case .some(let place) where place.journalID == journalID: place.sequence
        case .some(let place): place.journalID > journalID ? Int64.max : 0
        }
      return try Row.fetchAll(
        database,
        sql: """
          SELECT \(BreakGlassEvent.columns) FROM break_glass_events
          WHERE (occurred_at, node_seq) < (?, ?)
          ORDER BY occurred_at DESC, node_seq DESC LIMIT ?
          """,
        arguments: [place?.occurredAt.sortableText ?? "9", beforeSequence, limit]
      ).map { try BreakGlassEvent(row: $0, journalID: journalID) }
    }
  }

  /// How many events there were since a moment, and when the newest was.
  ///
  /// - Throws: `JournalProblem`.
  package func events(
    since moment: Timestamp
  ) async throws(JournalProblem) -> (count: Int64, newest: Timestamp?) {
    try await read { database, _ in
      let row = try Row.fetchOne(
        database,
        sql: "SELECT count(*), max(occurred_at) FROM break_glass_events WHERE occurred_at > ?",
        arguments: [moment.sortableText])
      return (row?[0] ?? 0, (row?[1] as String?).flatMap { Timestamp($0) })
    }
  }

  /// Notes how far PostgreSQL has the journal. For people only, so it may fail.
  package func noteForwarded(through sequence: Int64) async {
    let before = forwarded.withLock { forwarded in
      defer { forwarded = sequence }
      return forwarded
    }
    guard before != sequence else { return }
    try? await ask { database in
      try database.execute(
        sql: "UPDATE journal SET forwarded_through = ?", arguments: [sequence])
    }
  }

  /// Copies what is in it to a file of its own, beside what others have saved under that name.
  ///
  /// - Returns: where it is.
  /// - Throws: `JournalProblem`; then nothing is left there, and it can be tried again.
  func copy(to path: String) throws(JournalProblem) -> String {
    let target = ClaimedFile.freePath(path)
    do {
      // With the mode of a journal, which SQLite would not give it.
      try ClaimedFile.make(target)
      try database.writeWithoutTransaction { database in
        try database.execute(sql: "VACUUM INTO ?", arguments: [target])
      }
      return target
    } catch {
      unlink(target)
      throw JournalProblem(error, path: target)
    }
  }

  var path: String { file.path }

  /// Whether its file, with its log and its lock, is where it was.
  package var isInPlace: Bool { file.isInPlace }

  /// Whether its file is where it was: of what has vanished, the log or the lock alone may have.
  var hasItsFile: Bool { file.isFileInPlace }

  /// Closes a journal whose log or lock was removed, once all of the log is in the file.
  ///
  /// - Returns: false where it stays open: there is no room, or somebody reads what the file was before.
  ///   What the file lacks would be lost with the log, and who reads it still counts what was in that, for
  ///   whoever opens the file as well.
  func closeWithAllOfItsLog() -> Bool {
    let isBusy = try? database.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA busy_timeout = 0")
      return try Bool.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }
    guard isBusy == false else { return false }
    close()
    return true
  }

  /// Lets another journal have the place of this one, whose file was removed, or goes out of the way now:
  /// its events can be read as long as it is open.
  ///
  /// - Returns: where its file is now, if it was there to be moved.
  /// - Throws: `FileProblem` where it could not be moved; the place is released all the same.
  func release(movingTo suffix: String) throws(FileProblem) -> String? {
    defer { file.release() }
    // Without its lock the place may be another process's by now, and so what is there.
    return file.isStanding && hasItsFile ? try file.setAside(as: suffix) : nil
  }

  /// Writes the last of the log into the file, closes it, and lets another process have it. What it
  /// knows of itself can still be asked.
  func close() {
    // After an access that was cancelled SQLite stays interrupted until its next statement, and
    // closing alone would leave the log where it is.
    try? database.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA wal_checkpoint")
    }
    try? database.close()
    file.release()
  }

  private func read<R: Sendable>(
    _ body: @escaping @Sendable (Database, _ journalID: String) throws -> R
  ) async throws(JournalProblem) -> R {
    let journalID = journalID
    do {
      return try await ask { try body($0, journalID) }
    } catch {
      throw JournalProblem(error, path: file.path)
    }
  }

  /// Asks the file, unless it was closed meanwhile: whoever forwards or lists events has no part in that.
  private func ask<R: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> R
  ) async throws -> R {
    let path = file.path
    return try await database.writeWithoutTransaction { database in
      guard database.sqliteConnection != nil else { throw JournalProblem.vanished(path) }
      return try body(database)
    }
  }

  private static func verify(
    _ database: Database, journalID: String
  ) throws -> BreakGlassChain {
    let report = try String.fetchAll(database, sql: "PRAGMA quick_check(3)")
    guard report == ["ok"] else { throw JournalProblem.corrupt(report.joined(separator: "; ")) }
    var chain = BreakGlassChain(journalID: journalID)
    let rows = try Row.fetchCursor(
      database,
      sql: "SELECT \(BreakGlassEvent.columns) FROM break_glass_events ORDER BY node_seq")
    while let row = try rows.next() {
      try chain.verify(try BreakGlassEvent(row: row, journalID: journalID))
    }
    return chain
  }

  private static func head(
    _ database: Database, journalID: String
  ) throws -> BreakGlassChain {
    let row = try Row.fetchOne(
      database,
      sql: "SELECT node_seq, hash FROM break_glass_events ORDER BY node_seq DESC LIMIT 1")
    guard let row else { return BreakGlassChain(journalID: journalID) }
    let sequence: Int64 = row["node_seq"]
    guard let hash = Digest(bytes: Array(row["hash"] as Data)) else {
      throw JournalProblem.corrupt("event \(sequence) has no hash")
    }
    // Nobody has had so many emergencies: somebody else wrote that while the journal was open.
    guard sequence <= longest else {
      throw JournalProblem.corrupt("event \(sequence) is none that was numbered here")
    }
    return BreakGlassChain(journalID: journalID, sequence: sequence, hash: hash)
  }

  private static func event(
    _ id: RequestID, _ database: Database, journalID: String
  ) throws -> BreakGlassEvent? {
    try Row.fetchOne(
      database,
      sql: "SELECT \(BreakGlassEvent.columns) FROM break_glass_events WHERE request_id = ?",
      arguments: [id.value]
    ).map { try BreakGlassEvent(row: $0, journalID: journalID) }
  }
}

extension ClaimedFile {
  static func forJournal(_ path: String, holder: String) throws(JournalProblem) -> ClaimedFile {
    do {
      return try ClaimedFile(claiming: path, holder: holder)
    } catch {
      throw JournalProblem(error, path: path)
    }
  }
}

extension JournalProblem {
  /// What SQLite, the chain or the file system says.
  init(_ error: any Error, path: String) {
    self =
      switch error {
      case let problem as JournalProblem: problem
      case FileProblem.held(let holder): .inUse(path, by: holder)
      case FileProblem.unusable(let reason): .unusable(reason)
      case let fault as TrailFault: .corrupt("\(fault)")
      case let error as DatabaseError
      where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode):
        .corrupt(error.message ?? "\(error.resultCode)")
      case let error as DatabaseError
      where [.SQLITE_FULL, .SQLITE_BUSY].contains(error.resultCode):
        .unwritable("\(path): \(error.message ?? "\(error.resultCode)")")
      case let error as DatabaseError:
        .unusable("\(path): \(error.message ?? "\(error.resultCode)")")
      default: .unusable("\(path): \(error.systemReason)")
      }
  }
}
