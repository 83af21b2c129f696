import AuditMirror
import BreakGlass
import ClaimedFile
import Foundation
import PolicyFile
import TrustBudget
import TrustBudgetServer

/// Looks at the files that a node reads and writes.
enum FileCheck {
  /// What a growing trail should find free, in bytes.
  private static let freeSpace: Int64 = 1 << 30

  /// - Returns: the policy as well, where it can be used.
  static func policy(_ path: String) -> (policy: Policy?, findings: [Finding]) {
    do {
      let policy = try Policy(
        yaml: [UInt8](ofNodeFile: path, upTo: Policy.sufficientBytes), fileName: path)
      let warnings = policy.warnings.all.map {
        Finding.warning("policy", "\($0)", "trust-budget policy check \(path)")
      }
      let rules = counted(policy.rules.count, "rule")
      let findings = warnings.isEmpty ? [.ok("policy", "\(path) has \(rules).")] : warnings
      return (policy, findings + notice(of: policy))
    } catch let diagnostics as FileDiagnostics {
      return (
        nil, [.problem("policy", first(of: diagnostics), "trust-budget policy check \(path)")]
      )
    } catch {
      return (nil, [.unreadable("policy", "\(error)")])
    }
  }

  /// The first of them, in one line.
  private static func first(of diagnostics: FileDiagnostics) -> String {
    String("\(diagnostics)".prefix { $0 != "\n" })
  }

  /// A program that is missed in an emergency only tells nobody of it.
  private static func notice(of policy: Policy) -> [Finding] {
    guard let program = policy.breakGlass?.notify?.command.first,
      !FileManager.default.isExecutableFile(atPath: program)
    else { return [] }
    return [
      .warning(
        "break-glass notice", "\(program) is not there, or this user may not run it.",
        "Install it, or name another one: break_glass.notify.command in the policy.")
    ]
  }

  static func auditFile(_ path: String) -> Finding {
    dataFile(
      "audit file", path, .auditFile, option: "--audit-file",
      without: "charging goes on without the mirror, but the mirror stands still"
    ) { AuditFileError(applicationID: $0.applicationID, format: $0.version).map { "\($0)" } }
  }

  /// Whether PostgreSQL has what the node's file has: a node that has just started knows of no entries
  /// that were lost, and its file does.
  static func evidence(in path: String, connectionString: String) async -> Finding? {
    do {
      let file = try await ReadableFile(path: path)
      defer { file.close() }
      _ = try await Behind.read(file, connectionString: connectionString)
      return nil
    } catch let refusal as MirrorRefusal {
      return .problem(
        "audit file", "\(refusal).", "docs/operating.md, Backup and restore, says how to go on.")
    } catch {
      // A file that cannot be read is built anew by the node, and what is wrong with the database is said
      // where that is looked at.
      return nil
    }
  }

  static func breakGlassJournal(_ path: String) -> Finding {
    dataFile(
      "break-glass journal", path, .breakGlassJournal, option: "--break-glass-journal",
      without: "without its journal a node answers emergencies only while PostgreSQL is there"
    ) { JournalProblem(applicationID: $0.applicationID, format: $0.version).map { "\($0)" } }
  }

  /// A SQLite file that the node makes, and writes as long as it runs.
  ///
  /// - Parameters:
  ///   - without: what it means where there is no room.
  ///   - refusal: what the node says of a database that it does not use.
  private static func dataFile(
    _ subject: String, _ path: String, _ kind: DatabaseHeader.Kind, option: String, without: String,
    refusal: (DatabaseHeader) -> String?
  ) -> Finding {
    let files = FileManager.default
    let directory = nearestDirectory(to: path)
    var isDirectory = false
    guard files.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory else {
      return .problem(subject, "\(directory) is no directory.", "Name another place: \(option).")
    }
    guard access(directory, W_OK) == 0 else {
      let remedy =
        errno == EROFS
        ? "It is read-only here: for a node of the systemd unit, ReadWritePaths=\(directory)."
        : "SQLite writes files beside the one named: chown the directory to the node's user."
      return .problem(subject, "this user may not write in \(directory), for \(path).", remedy)
    }
    let type = try? files.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    if let type, type != .typeRegular, type != .typeSymbolicLink {
      return .problem(subject, "\(path) is no file.", "Name a file in it: \(option).")
    }
    if files.fileExists(atPath: path), !files.isWritableFile(atPath: path) {
      return .problem(subject, "this user may not write \(path).", "chown or chmod it.")
    }
    if ClaimedFile.hasAnotherName(path) {
      return .problem(
        subject, "\(path) has another name as well, a hard link.",
        "Remove that one, or put a copy in the place of this one: \(without).")
    }
    if let header = DatabaseHeader(path), header.hasTables, let refusal = refusal(header) {
      return .problem(
        subject, "\(path): \(refusal).", "Name another file, or move it away: \(option).")
    }
    if ClaimedFile.isForeign(path, to: kind) {
      return .problem(
        subject, "\(path) was not made by this program, or for something else.",
        "Name another file, or move it away: \(option).")
    }
    let attributes = try? files.attributesOfFileSystem(forPath: directory)
    guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value else {
      return .warning(subject, "the free space of \(directory) is not known.", "df \(directory)")
    }
    guard free >= freeSpace else {
      return .warning(
        subject, "\(free >> 20) MiB are free in \(directory).", "Make room: \(without).")
    }
    return .ok(subject, "\(path) can be written, \(free >> 30) GiB are free.")
  }

  /// The directory of a file; where that is not there, the one in which the node makes it.
  private static func nearestDirectory(to path: String) -> String {
    let absolute = URL(filePath: path).absoluteURL.path(percentEncoded: false)
    var directory = (absolute as NSString).deletingLastPathComponent
    while !FileManager.default.fileExists(atPath: directory), directory != "/" {
      directory = (directory as NSString).deletingLastPathComponent
    }
    return directory
  }

  /// Where the node listens for callers of its own machine.
  static func unixSocket(_ path: String) -> Finding {
    let directory = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    guard FileManager.default.isWritableFile(atPath: directory) else {
      return .problem(
        "Unix socket", "\(directory) is not there, or this user may not write in it.",
        "The node makes the socket, not its directory: mkdir -p, chown.")
    }
    guard path.utf8.count <= UnixSocketFile.maximumPathLength else {
      return .problem(
        "Unix socket", "\(path) is longer than \(UnixSocketFile.maximumPathLength) bytes.",
        "Name another place: --unix-socket.")
    }
    let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    guard type == nil || type == .typeSocket else {
      return .problem(
        "Unix socket", "\(path) is there, and no socket.", "Name another place: --unix-socket.")
    }
    return .ok("Unix socket", "it can be made in \(directory).")
  }

  /// Who is who by client certificates.
  static func clientRoles(_ path: String) -> Finding {
    guard case .file = FilePlace(path) else { return .noFile("client roles", path) }
    do {
      _ = try ClientRoles(yaml: [UInt8](ofNodeFile: path), fileName: path)
      return .ok("client roles", "\(path) can be used.")
    } catch let diagnostics as FileDiagnostics {
      return .problem("client roles", first(of: diagnostics), "Mend it there: --tls-roles.")
    } catch {
      return .unreadable("client roles", "\(error)")
    }
  }
}
