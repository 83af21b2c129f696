import ClaimedFile
import Foundation
import GRDB
import TrustBudget

/// An audit file that somebody looks at: live, a copy, an export, on whatever disk.
package struct ReadableFile: Sendable {
  package let path: String
  /// Where that leads.
  private let target: String
  let queue: DatabaseQueue

  /// - Throws: `AuditFileError` when it cannot be read, or is no audit file.
  package init(path: String) async throws {
    self.path = path
    // The log is beside the file, and not beside a link to it.
    guard case .file(let target) = FilePlace(path) else {
      throw AuditFileError.unusable("\(path) is no regular file")
    }
    self.target = target
    guard Glibc.access(path, R_OK) == 0 else {
      throw AuditFileError.unusable("\(path) cannot be read: \(String(cString: strerror(errno)))")
    }
    queue = try await AuditFile.translating {
      do {
        let queue = try ReadableFile.open(target)
        try await queue.unsafeRead { try AuditFile.checkFormat($0) }
        return queue
      } catch let error as DatabaseError
        where error.resultCode == .SQLITE_CANTOPEN && ReadableFile.hasLog(target)
      {
        throw AuditFileError.unusable(
          "the log beside it, \(target)-wal, must be read along, and SQLite can make no file there for "
            + "that; copy both to a disk that can be written, or take an export")
      } catch let error as DatabaseError where error.resultCode == .SQLITE_NOTADB {
        throw AuditFileError.foreign(
          "\(path) does not begin as a SQLite file does. Exports as CSV or JSON lines are for reading; "
            + "one of --format sqlite can be verified")
      } catch let error as DatabaseError
        where error.extendedResultCode == .SQLITE_READONLY_ROLLBACK
      {
        throw AuditFileError.unusable(
          "who wrote it was interrupted, and \(target)-journal has what must be put back into it; copy "
            + "both, and have SQLite do that in the copy: sqlite3 COPY .schema")
      }
    }
  }

  package var summary: FileSummary {
    get async throws { try await read { try FileSummary($0) } }
  }

  /// One consistent view of the file, however long `body` takes.
  func read<R: Sendable>(_ body: @Sendable (Database) throws -> R) async throws -> R {
    try await AuditFile.translating {
      try await queue.unsafeRead { try ReadableFile.view($0, body) }
    }
  }

  /// The same for what has to be sorted. Where SQLite can write no temporary file for it, `body` begins
  /// anew, and it is sorted in memory.
  func readSorting<R: Sendable>(_ body: @Sendable (Database) throws -> R) async throws -> R {
    try await AuditFile.translating {
      do {
        return try await queue.unsafeRead { try ReadableFile.view($0, body) }
      } catch let error as DatabaseError where error.mayLackTemporaryFile {
        let queue = try ReadableFile.open(target, sortingInMemory: true)
        defer { try? queue.close() }
        return try await queue.unsafeRead { try ReadableFile.view($0, body) }
      }
    }
  }

  private static func view<R>(_ db: Database, _ body: (Database) throws -> R) throws -> R {
    try db.execute(sql: "BEGIN")
    // SQLite commits nothing in a file of which it has met a damaged page, not even that it was read.
    defer { try? db.execute(sql: "ROLLBACK") }
    return try body(db)
  }

  package func close() { try? queue.close() }

  /// What everybody else who opens the file reads along with it.
  private static func hasLog(_ path: String) -> Bool {
    ["-wal", "-journal"].contains { ending in
      var status = stat()
      return stat(path + ending, &status) == 0 && status.st_size > 0
    }
  }

  /// A live file's log must be read along, and SQLite works beside it for that. A copy, or the file
  /// of a node that is off, is read as it is: from a read-only disk too, and nothing appears beside it.
  private static func open(
    _ path: String, sortingInMemory: Bool = false
  ) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    configuration.allowsUnsafeTransactions = true
    if sortingInMemory {
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA temp_store = MEMORY") }
    }
    guard !hasLog(path), !ClaimedFile.isHeld(path) else {
      return try DatabaseQueue(path: path, configuration: configuration)
    }
    let escaped = path.replacing("%", with: "%25").replacing("?", with: "%3f")
      .replacing("#", with: "%23")
    let uri = "file:\(escaped)?immutable=1"
    // A SQLite that was built to know no URIs opens the file as any other.
    return try (try? DatabaseQueue(path: uri, configuration: configuration))
      ?? DatabaseQueue(path: path, configuration: configuration)
  }
}
