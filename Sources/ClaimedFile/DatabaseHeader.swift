import Foundation

/// What a SQLite file says of itself where it begins, damaged as the rest of it may be.
package struct DatabaseHeader: Sendable {
  /// What is in it, by its number (`PRAGMA application_id`).
  package enum Kind: Int32, Sendable {
    /// Both trails: `TBAF`.
    case auditFile = 0x5442_4146
    /// The journal of emergencies: `TBbg`.
    case breakGlassJournal = 0x5442_6267
  }

  /// `PRAGMA application_id`; 0: nobody has said.
  package let applicationID: Int32
  /// `PRAGMA user_version`: of a file of ours, its format.
  package let version: Int32
  /// Whether tables were made in it, and not only in its log.
  package let hasTables: Bool
  /// Whether it has a log, as a node's file does, and an export does not.
  package let hasLog: Bool

  /// Which of ours it is; nil: none.
  package var kind: Kind? { Kind(rawValue: applicationID) }

  /// - Returns: nil for what is no SQLite file.
  package init?(_ path: String) {
    // Opening a pipe would wait for who writes to it.
    guard case .file = FilePlace(path), let file = FileHandle(forReadingAtPath: path),
      let header = try? file.read(upToCount: 72), header.count == 72,
      header.starts(with: "SQLite format 3\0".utf8)
    else { return nil }
    func number(at place: Int) -> Int32 {
      header[place..<place + 4].reduce(0) { $0 << 8 | Int32($1) }
    }
    applicationID = number(at: 68)
    version = number(at: 60)
    // Its cookie changes with each.
    hasTables = number(at: 40) != 0
    hasLog = header[18...19].elementsEqual([2, 2])
  }

  /// Whether a file's log alone may say what it is: that of one that was begun, and whose process was killed.
  static func mayBeInLog(of path: String) -> Bool {
    var log = stat()
    return DatabaseHeader(path)?.applicationID == 0 && stat(path + "-wal", &log) == 0
      && log.st_size > 0
  }
}

extension ClaimedFile {
  /// Whether a file that cannot be used is one of these all the same, as far as can be told, and was not named
  /// by mistake.
  package func isOne(of kind: DatabaseHeader.Kind) -> Bool {
    (DatabaseHeader(path)?.kind).map { $0 == kind }
      ?? (wasClaimedBefore || DatabaseHeader.mayBeInLog(of: path))
  }

  /// Whether what is at a path is none of these, as far as can be told before it is opened.
  package static func isForeign(_ path: String, to kind: DatabaseHeader.Kind) -> Bool {
    if let found = DatabaseHeader(path)?.kind { return found != kind }
    var status = stat()
    return stat(path, &status) == 0 && status.st_size > 0 && !hasBeenClaimed(path)
      && !DatabaseHeader.mayBeInLog(of: path)
  }
}
