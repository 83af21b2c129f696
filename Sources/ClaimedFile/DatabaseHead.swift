import Foundation

/// What a SQLite file of ours says of itself where it begins, damaged as the rest of it may be.
package struct DatabaseHead: Sendable {
  /// What is in it, by its number (`PRAGMA application_id`).
  package enum Kind: Int32, Sendable {
    /// Both trails: `TBAF`.
    case auditFile = 0x5442_4146
    /// The journal of emergencies: `TBbg`.
    case breakGlassJournal = 0x5442_6267
  }

  package let kind: Kind
  /// Whether it has a log, as a node's file does, and an export does not.
  package let hasLog: Bool

  /// - Returns: nil for what is no file of ours.
  package init?(_ path: String) {
    guard let head = DatabaseHead.bytes(path),
      let kind = Kind(rawValue: head.suffix(4).reduce(0) { $0 << 8 | Int32($1) })
    else { return nil }
    self.kind = kind
    hasLog = head[18...19].elementsEqual([2, 2])
  }

  /// Whether a file's log alone may say what it is: that of one that was begun, and whose process was killed.
  static func mayBeInLog(of path: String) -> Bool {
    var log = stat()
    return bytes(path)?.suffix(4).allSatisfy { $0 == 0 } == true && stat(path + "-wal", &log) == 0
      && log.st_size > 0
  }

  /// As far as the number; nil for what is no SQLite file.
  private static func bytes(_ path: String) -> Data? {
    // A pipe would be waited for.
    guard case .file = FilePlace(path), let file = FileHandle(forReadingAtPath: path),
      let head = try? file.read(upToCount: 72), head.count == 72,
      head.starts(with: "SQLite format 3\0".utf8)
    else { return nil }
    return head
  }
}

extension ClaimedFile {
  /// Whether a file that cannot be used is one of these all the same, as far as can be told, and was not named
  /// by mistake.
  package func isOne(of kind: DatabaseHead.Kind) -> Bool {
    DatabaseHead(path).map { $0.kind == kind }
      ?? (wasClaimedBefore || DatabaseHead.mayBeInLog(of: path))
  }

  /// Whether what is at a path is none of these, as far as can be told before it is opened.
  package static func isForeign(_ path: String, to kind: DatabaseHead.Kind) -> Bool {
    if let head = DatabaseHead(path) { return head.kind != kind }
    var status = stat()
    return stat(path, &status) == 0 && status.st_size > 0 && !hasBeenClaimed(path)
      && !DatabaseHead.mayBeInLog(of: path)
  }
}
