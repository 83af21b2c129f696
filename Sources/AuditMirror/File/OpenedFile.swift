import ClaimedFile
import Foundation
import GRDB

/// A file as SQLite has it open for somebody who reads.
///
/// A live file's log must be read along, and SQLite works beside it for that. A copy, or the file of a
/// node that is off, is read as it is: from a read-only disk too, and nothing appears beside it.
struct OpenedFile: Sendable {
  private let path: String
  private let queue: DatabaseQueue
  /// What the file was when it was opened to be read as it is; nil for one whose log is read along.
  private let stamp: FileStamp?

  /// - Throws: `DatabaseError`.
  init(_ path: String, sortingInMemory: Bool = false) throws {
    self.path = path
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    configuration.allowsUnsafeTransactions = true
    if sortingInMemory {
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA temp_store = MEMORY") }
    }
    // Before anybody is asked who writes to it: who begins afterwards leaves another one.
    let stamp = FileStamp(path)
    guard let stamp, !OpenedFile.hasLog(path), !ClaimedFile.isHeld(path) else {
      queue = try DatabaseQueue(path: path, configuration: configuration)
      self.stamp = nil
      return
    }
    do {
      queue = try DatabaseQueue(path: OpenedFile.uri(path), configuration: configuration)
      self.stamp = stamp
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
      // A SQLite that was built to know no URIs finds no such file, and opens it as any other.
      queue = try DatabaseQueue(path: path, configuration: configuration)
      self.stamp = nil
    }
  }

  func close() { try? queue.close() }

  func read<R: Sendable>(_ body: @Sendable (Database) throws -> R) async throws -> R {
    try await queue.unsafeRead(body)
  }

  /// One consistent view of the file.
  ///
  /// - Throws: what `body` throws; `AuditFileError.corrupt` where its tables are not ours;
  ///   `AuditFileError.unusable` where somebody began to write meanwhile, whatever `body` made of it.
  func view<R: Sendable>(_ body: @Sendable (Database) throws -> R) async throws -> R {
    do {
      let result = try await read { db in
        try db.execute(sql: "BEGIN")
        // SQLite commits nothing in a file of which it has met a damaged page, not even that it was read.
        defer { try? db.execute(sql: "ROLLBACK") }
        if let problem = try FileDefinition.disguise(db) { throw AuditFileError.corrupt(problem) }
        return try body(db)
      }
      try checkUnchanged()
      return result
    } catch {
      try checkUnchanged()
      throw error
    }
  }

  /// SQLite locks nothing where it reads a file as it is: pages may then change under the reader.
  ///
  /// A writer puts something into its log before it changes the file; a claim alone changes nothing.
  private func checkUnchanged() throws(AuditFileError) {
    guard let stamp, OpenedFile.hasLog(path) || FileStamp(path) != stamp else { return }
    throw .unusable(
      "\(path) was changed while it was read: a node has begun to write to it. Try again")
  }

  /// Whether there is what everybody else who opens the file reads along with it.
  static func hasLog(_ path: String) -> Bool {
    ["-wal", "-journal"].contains { ending in
      var status = stat()
      return stat(path + ending, &status) == 0 && status.st_size > 0
    }
  }

  /// Whether a file is a database without its log.
  static func isDatabase(_ path: String) -> Bool {
    var configuration = Configuration()
    configuration.readonly = true
    guard let queue = try? DatabaseQueue(path: uri(path), configuration: configuration) else {
      return false
    }
    defer { try? queue.close() }
    return (try? queue.read { try Int.fetchOne($0, sql: "PRAGMA schema_version") }) != nil
  }

  private static func uri(_ path: String) -> String {
    let escaped = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
    // With an empty host before it: two slashes at a path's beginning would begin one.
    let host = path.hasPrefix("/") ? "//" : ""
    return "file:\(host)\(escaped)?immutable=1"
  }
}

/// By what a file is known to be the same as before.
private struct FileStamp: Hashable {
  private let device: dev_t
  private let inode: ino_t
  private let size: off_t
  private let seconds: Int
  private let nanoseconds: Int

  /// - Returns: nil where there is no file.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = status.st_dev
    inode = status.st_ino
    size = status.st_size
    seconds = status.st_mtim.tv_sec
    nanoseconds = status.st_mtim.tv_nsec
  }
}
