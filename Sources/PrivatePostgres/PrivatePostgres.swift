import Foundation
import Synchronization

/// A private PostgreSQL server in a directory of its own, for `trust-budget dev`, tests and
/// benchmarks.
///
/// It listens on a Unix socket only, which the directory's permissions protect; nobody needs a
/// password. It works as root, too: the server then runs as an unprivileged user. Its life is tied
/// to this process: however the process ends, by `kill -9` even, a small supervisor stops the
/// server, and removes the directory if it is ephemeral.
package final class PrivatePostgres: Sendable {
  /// The cluster's superuser, whatever the operating system's user is called.
  package static let superuser = "postgres"

  private let directory: ClusterDirectory
  /// Those that it was made of, and what is installed with them.
  package let programs: ServerPrograms
  private let account: ServerAccount
  private let settings: [String: String]
  private let timeout: Duration
  private let server: Mutex<SupervisedServer?>

  private init(
    directory: ClusterDirectory, programs: ServerPrograms, account: ServerAccount,
    settings: [String: String], timeout: Duration
  ) {
    self.directory = directory
    self.programs = programs
    self.account = account
    self.settings = settings
    self.timeout = timeout
    self.server = Mutex(nil)
  }

  deinit {
    guard let server = server.withLock({ $0.take() }) else { return }
    // Stopping waits for the server; whoever drops the last reference must not.
    Thread.detachNewThread { server.stop() }
  }

  /// Starts a server on the cluster in `directory`, and makes one there if there is none.
  ///
  /// - Parameters:
  ///   - directory: Created if absent, reused with its data otherwise. As root, where the server's
  ///     user can't reach it, the data goes below `/var/lib/trust-budget` and `directory` becomes a
  ///     link to it.
  ///   - settings: Server settings such as `max_connections` or `fsync`, which win over the
  ///     cluster's own.
  ///   - ephemeral: Whether the directory goes with the server.
  ///   - timeout: How long to wait until the server accepts connections.
  /// - Returns: The server, which accepts connections.
  /// - Throws: ``PrivatePostgresError``: PostgreSQL isn't installed, the directory is in use by
  ///   another process, or the server doesn't start.
  package static func start(
    directory: URL, settings: [String: String] = [:], ephemeral: Bool,
    timeout: Duration = .seconds(60)
  ) async throws -> PrivatePostgres {
    try await BlockingWork.run {
      let account = try ServerAccount.current()
      let directory = try ClusterDirectory.claim(
        directory, for: account, ephemeral: ephemeral, timeout: timeout)
      let programs = try ServerPrograms.find(version: directory.clusterVersion)
      let postgres = PrivatePostgres(
        directory: directory, programs: programs, account: account, settings: settings,
        timeout: timeout)
      try postgres.launch()
      return postgres
    }
  }

  /// How to connect to the database `postgres`, as a libpq keyword/value string.
  package var connectionString: String { connectionString(database: "postgres") }

  /// How to connect to a database of this server, as a libpq keyword/value string.
  package func connectionString(database: String) -> String {
    let values = [
      ("host", directory.socketDirectory), ("port", "\(ClusterDirectory.port)"),
      ("user", Self.superuser), ("dbname", database),
    ]
    return values.map { keyword, value in
      let escaped = value.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
      return "\(keyword)='\(escaped)'"
    }.joined(separator: " ")
  }

  /// The process id of the server's main process; nil once it was stopped.
  package var processIdentifier: Int32? {
    server.withLock { $0?.processIdentifier }
  }

  /// Stops the server, at most some ten seconds long, and removes an ephemeral directory. Does
  /// nothing if it is stopped already.
  package func stop() async {
    let server = server.withLock { $0.take() }
    await BlockingWork.run { [directory] in
      server?.stop()
      directory.lock.release()
    }
  }

  /// Kills the server's main process with SIGKILL, as a crash would. ``restart()`` brings it back.
  package func kill() {
    server.withLock { $0?.kill() }
  }

  /// Stops the server, if it still runs, and starts it again on the same data and socket.
  ///
  /// - Throws: ``PrivatePostgresError`` if it doesn't start.
  package func restart() async throws {
    let server = server.withLock { $0.take() }
    try await BlockingWork.run { [self] in
      directory.unmarkEphemeral()
      server?.stop()
      try launch()
    }
  }

  private func launch() throws {
    try directory.prepareSocketDirectory(for: account)
    let started = try SupervisedServer.start(
      directory: directory, programs: programs, account: account, settings: settings,
      timeout: timeout)
    server.withLock { $0 = started }
  }
}
