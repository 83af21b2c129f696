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
          id, try JournalRows(database: database, journalID: id).verified(),
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
    do {
      let (outcomes, last) = try await ask { rows in
        var outcomes: [BreakGlassOutcome] = []
        var last: Int64 = 0
        try rows.database.inTransaction {
          var chain = try rows.head()
          outcomes = try requests.map { request, moment in
            if let event = try rows.event(request.requestID) {
              return BreakGlassOutcome(request, recordedAs: event)
            }
            let event = chain.append(request, node: node, at: moment)
            try event.insert(into: rows.database)
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
    try await read { try $0.events(after: sequence, limit: limit) }
  }

  /// A page of events, the newest first.
  ///
  /// - Throws: `JournalProblem`.
  package func page(
    before place: BreakGlassPlace?, limit: Int
  ) async throws(JournalProblem) -> [BreakGlassEvent] {
    try await read { try $0.page(before: place, limit: limit) }
  }

  /// How many events there were since a moment, and when the newest was.
  ///
  /// - Throws: `JournalProblem`.
  package func events(
    since moment: Timestamp
  ) async throws(JournalProblem) -> (count: Int64, newest: Timestamp?) {
    try await read { try $0.count(since: moment) }
  }

  /// Notes how far PostgreSQL has the journal. For people only, so it may fail.
  func noteForwarded(through sequence: Int64) async {
    let before = forwarded.withLock { forwarded in
      defer { forwarded = sequence }
      return forwarded
    }
    guard before != sequence else { return }
    try? await ask { rows in
      try rows.database.execute(
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
      // Not every SQLite forces that to the disk.
      let file = try FileHandle(forReadingFrom: URL(filePath: target))
      try file.synchronize()
      ClaimedFile.syncDirectory(of: target)
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
    _ body: @escaping @Sendable (JournalRows) throws -> R
  ) async throws(JournalProblem) -> R {
    do {
      return try await ask(body)
    } catch {
      throw JournalProblem(error, path: file.path)
    }
  }

  /// Asks the file, unless it was closed meanwhile: whoever forwards or lists events has no part in that.
  private func ask<R: Sendable>(
    _ body: @escaping @Sendable (JournalRows) throws -> R
  ) async throws -> R {
    let (path, journalID) = (file.path, journalID)
    return try await database.writeWithoutTransaction { database in
      guard database.sqliteConnection != nil else { throw JournalProblem.vanished(path) }
      return try body(JournalRows(database: database, journalID: journalID))
    }
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
