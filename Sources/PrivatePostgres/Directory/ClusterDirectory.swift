import Foundation

/// The directory of a private cluster, claimed for this process.
///
/// It holds `data` (PostgreSQL's own), `socket`, `server.log`, `lock`, and the marker `ephemeral` if it
/// is to go with the server.
struct ClusterDirectory: Sendable {
  /// A socket's path must fit `sockaddr_un` with its terminating NUL.
  private static let longestSocketPath = 107
  /// The port is but a part of the socket's name, since nothing listens on the network.
  static let port = 5432

  let path: String
  /// The place that was asked for, if it became a link to `path`.
  let link: String?
  let isEphemeral: Bool
  /// Held by this process, and by the supervisor until it has cleaned up.
  let lock: DirectoryLock

  var dataDirectory: String { "\(path)/data" }

  /// Where the socket is.
  var socketDirectory: String { socketDirectoryOutside ?? "\(path)/socket" }

  /// The socket's directory where the cluster's is too long a path for one.
  var socketDirectoryOutside: String? {
    let longest = "\(path)/socket/.s.PGSQL.\(Self.port).lock"
    guard longest.utf8.count > Self.longestSocketPath else { return nil }
    return "/tmp/trust-budget-\(PathDigest.of(path))"
  }

  /// The major version that made the cluster; nil if there is none yet.
  var clusterVersion: String? {
    let text = try? String(contentsOfFile: "\(dataDirectory)/PG_VERSION", encoding: .utf8)
    return text?.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  var postmasterFile: PostmasterFile? { PostmasterFile(path: "\(dataDirectory)/postmaster.pid") }

  /// Makes the socket's directory, which only the server's user (and root) can enter.
  func prepareSocketDirectory(for account: ServerAccount) throws {
    let directory = socketDirectory
    guard mkdir(directory, 0o700) != 0 else {
      if account.isSomebodyElse { chown(directory, account.userID, account.groupID) }
      return
    }
    // Below /tmp anybody could have made it before us.
    var status = stat()
    guard lstat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
      status.st_uid == account.userID
    else {
      throw PrivatePostgresError("\(directory), for the server's socket, belongs to somebody else")
    }
  }

  func markEphemeral() throws {
    let marker = "\(path)/ephemeral"
    if isEphemeral {
      guard FileManager.default.createFile(atPath: marker, contents: nil) else {
        throw PrivatePostgresError.system("can't write \(marker)", code: errno)
      }
    } else {
      unlink(marker)
    }
  }

  /// Lets the directory outlive the server, for a restart.
  func unmarkEphemeral() {
    unlink("\(path)/ephemeral")
  }

  func clearLog() {
    unlink("\(path)/server.log")
  }

  /// The last lines of what initdb and the server had to say.
  func logTail() -> String {
    let log = FileManager.default.contents(atPath: "\(path)/server.log") ?? Data()
    let lines = String(decoding: log.suffix(16_384), as: UTF8.self).split(separator: "\n")
    return lines.isEmpty ? "(empty)" : lines.suffix(20).joined(separator: "\n")
  }
}
