import ClaimedFile
import GRDB
import TrustBudget

/// Why the file cannot be written, or read, at the moment.
package enum AuditFileError: Error, Hashable, Sendable {
  /// Another process writes it.
  case locked(by: String)
  /// It cannot be opened, or written: no room, no permission, a disk that fails.
  case unusable(String)
  /// An export cannot be made, or written, where it was to be.
  case unwritable(String)
  /// It is damaged.
  case corrupt(String)
  /// It, or the log beside it, was removed, or another one was put in its place.
  case replaced
  /// It is a database of somebody else's, or of another version of this program.
  case foreign(String)

  /// Why a database with tables is no audit file of this program, by its head.
  ///
  /// - Returns: nil for one that is.
  package init?(applicationID: Int32, format: Int32) {
    let known = AuditFileSchema.version
    guard applicationID == AuditFileSchema.applicationID else {
      self = .foreign("it is a database of another program")
      return
    }
    guard format != known else { return nil }
    self = .foreign(
      "its format is \(format), and this program knows \(known)"
        + (format < known
          ? ". An earlier program made it: where it is a node's, move it away, and the node makes a new one"
          : ""))
  }

  init(_ problem: FileProblem) {
    switch problem {
    case .held(let holder): self = .locked(by: holder)
    case .unusable(let reason): self = .unusable(reason)
    }
  }

  /// What an error of SQLite means for the file.
  init(_ error: DatabaseError) {
    let words = error.message ?? "\(error.resultCode)"
    switch error.resultCode {
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(words)
    default: self = .unusable(words)
    }
  }
}

extension AuditFileError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .locked(let holder):
      "another process writes the audit file (\(holder)); charging goes on without a mirror here. "
        + "Give each node a file of its own: --audit-file"
    case .unusable(let reason): "the audit file cannot be used: \(reason)"
    case .unwritable(let reason): "the export cannot be written: \(reason)"
    case .corrupt(let reason): "the audit file is damaged: \(reason)"
    case .replaced: "the audit file, or the log beside it, was removed or replaced"
    case .foreign(let reason): "this is not an audit file of this program: \(reason)"
    }
  }
}

extension AuditFileError {
  /// SQLite's errors, in our words.
  ///
  /// - Parameter isExport: whether the file is an export that is written.
  static func translating<R>(
    isExport: Bool = false, _ body: () async throws -> R
  ) async throws -> R {
    do {
      return try await body()
    } catch {
      let error = inOurWords(error)
      guard isExport, case AuditFileError.unusable(let reason) = error else { throw error }
      throw AuditFileError.unwritable(reason)
    }
  }

  private static func inOurWords(_ error: any Error) -> any Error {
    switch error {
    case let error as DatabaseError: AuditFileError(error)
    case let problem as FileProblem: AuditFileError(problem)
    case let value as InvalidValue: AuditFileError.corrupt(value.requirement)
    default: error
    }
  }
}

extension DatabaseError {
  /// Whether it tells of the machine that reads the file, and not of what stands in it.
  var isOfMachine: Bool {
    switch resultCode {
    case .SQLITE_IOERR, .SQLITE_FULL, .SQLITE_CANTOPEN, .SQLITE_NOMEM, .SQLITE_BUSY,
      .SQLITE_INTERRUPT:
      true
    default: false
    }
  }

  /// Whether it may be that SQLite found no directory, or no room, for a temporary file to sort in: in a
  /// container that is read-only, say.
  var mayLackTemporaryFile: Bool {
    switch extendedResultCode {
    case .SQLITE_IOERR_GETTEMPPATH, .SQLITE_CANTOPEN, .SQLITE_FULL, .SQLITE_IOERR_WRITE: true
    default: false
    }
  }
}
