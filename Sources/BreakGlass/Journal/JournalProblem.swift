import ClaimedFile
import GRDB
import TrustBudget

/// Why a journal cannot be used.
package enum JournalProblem: Error, Hashable, Sendable {
  /// Another process has it.
  case inUse(String, by: String)
  /// The file system or SQLite will not have it: a directory that may not be written, a failing disk.
  case unusable(String)
  /// There is no room for more, or somebody else writes to it. What is in it can be read.
  case unwritable(String)
  /// What is in the file is no journal, or one that was changed by hand or by a failing disk.
  case corrupt(String)
  /// The file is somebody else's, named by mistake, or of a later version of this program.
  case foreign(String)
  /// The file, its log or its lock was removed, or another was put in its place.
  case vanished(String)
  /// The disk has not answered in time, and may yet.
  case silent(String)
}

extension JournalProblem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .inUse(let path, let holder): "another process has the journal \(path) (\(holder))"
    case .unusable(let reason), .unwritable(let reason): reason
    case .corrupt(let reason): reason
    case .foreign(let reason):
      "this is no break-glass journal of this program: \(reason)"
    case .vanished(let path): "\(path), or its log or lock, was removed or replaced"
    case .silent(let path):
      "\(path) does not answer: its disk hangs, or is very slow, or it holds very many events, all of which are "
        + "verified when it is opened"
    }
  }
}

extension JournalProblem {
  /// Why a database with tables is no journal of this program, by its head.
  ///
  /// - Returns: nil for one that is.
  package init?(applicationID: Int32, format: Int32) {
    guard applicationID == JournalSchema.applicationID else {
      self = .foreign("it is another program's SQLite database. Name another file, or move it away")
      return
    }
    guard format != JournalSchema.version else { return nil }
    self = .foreign(
      "it has format \(format), and this program knows \(JournalSchema.version): upgrade the program"
    )
  }

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
