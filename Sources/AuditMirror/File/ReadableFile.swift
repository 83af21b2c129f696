import ClaimedFile
import Foundation
import GRDB
import TrustBudget

/// An audit file that somebody looks at: live, a copy, an export, on whatever disk.
package struct ReadableFile: Sendable {
  package let path: String
  /// Where that leads.
  private let target: String
  private let opened: OpenedFile

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
    if let problem = ReadableFile.problem(of: target) { throw AuditFileError.corrupt(problem) }
    opened = try await AuditFileError.translating {
      do {
        let opened = try OpenedFile(target)
        try await opened.read { try AuditFile.checkFormat($0) }
        return opened
      } catch let error as DatabaseError
        where error.resultCode == .SQLITE_CANTOPEN && OpenedFile.hasLog(target)
      {
        throw AuditFileError.unusable(
          "the log beside it, \(target)-wal, must be read along, and SQLite can make no file there for "
            + "that; copy both to a disk that can be written, or take an export")
      } catch let error as DatabaseError
        where error.isOfDirectory && Glibc.access(target + ".lock", R_OK) != 0 && errno == EACCES
      {
        throw AuditFileError.unusable(
          "\(target).lock cannot be read, so a node may be writing to it, and SQLite can make no file "
            + "there to read along with it; copy the file, or let its group read the lock")
      } catch let error as DatabaseError
        where error.resultCode == .SQLITE_NOTADB && OpenedFile.isDatabase(target)
      {
        // What the log has of the first page is read in place of the file's own.
        throw AuditFileError.corrupt("its log, \(target)-wal, is damaged")
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

  /// Why SQLite must not open it with its log: it would leave out what is in that, or remove it.
  private static func problem(of path: String) -> String? {
    let remedy = "keep both as they are; take another copy, with its log, or an export"
    if WriteAheadLog.isEmpty(path), WriteAheadLog(beside: path) != nil {
      return "it is empty, and what it held is in its log alone, \(path)-wal; \(remedy)"
    }
    // What is being written is not whole yet.
    guard !ClaimedFile.isHeld(path) else { return nil }
    return WriteAheadLog.problem(of: path).map { "\($0); \(remedy)" }
  }

  package var summary: FileSummary {
    get async throws { try await read { try FileSummary($0) } }
  }

  /// One consistent view of the file, however long `body` takes.
  ///
  /// - Throws: `AuditFileError`, also where a node has begun to write to the file since it was opened, and
  ///   where its tables are not ours.
  func read<R: Sendable>(_ body: @Sendable (Database) throws -> R) async throws -> R {
    try await AuditFileError.translating { try await opened.view(body) }
  }

  /// The same for what has to be sorted. Where SQLite can write no temporary file for it, `body` begins
  /// anew, and it is sorted in memory.
  func readSorting<R: Sendable>(_ body: @Sendable (Database) throws -> R) async throws -> R {
    try await AuditFileError.translating {
      do {
        return try await opened.view(body)
      } catch let error as DatabaseError where error.mayLackTemporaryFile {
        let again = try OpenedFile(target, sortingInMemory: true)
        defer { again.close() }
        return try await again.view(body)
      }
    }
  }

  package func close() { opened.close() }
}

extension DatabaseError {
  /// Whether SQLite could make no file beside the one that it opened: on a disk that is not written, or in a
  /// directory that is not its user's to write.
  fileprivate var isOfDirectory: Bool {
    resultCode == .SQLITE_CANTOPEN || extendedResultCode == .SQLITE_READONLY_DIRECTORY
  }
}
