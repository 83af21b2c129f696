import ChildProcess
import Foundation

/// A running server and the supervisor that starts it, watches over us, and stops it.
///
/// We and the supervisor share a pair of sockets. It reads its end, to which nobody ever writes:
/// end of file means that ours is closed, on purpose or because we died. Ours sees end of file when
/// the supervisor has left, and the server with it.
final class SupervisedServer: Sendable {
  /// The server's main process.
  let processIdentifier: pid_t
  private let supervisor: pid_t
  private let lifeline: Int32

  private init(processIdentifier: pid_t, supervisor: pid_t, lifeline: Int32) {
    self.processIdentifier = processIdentifier
    self.supervisor = supervisor
    self.lifeline = lifeline
  }

  /// Starts a server and waits until it accepts connections.
  static func start(
    directory: ClusterDirectory, programs: ServerPrograms, account: ServerAccount,
    settings: [String: String], timeout: Duration
  ) throws -> SupervisedServer {
    let deadline = ContinuousClock.now + timeout
    var log: String
    var mayRetry: Bool
    repeat {
      directory.clearLog()
      try directory.markEphemeral()
      let (supervisor, lifeline) = try Supervisor.spawn(
        directory: directory, programs: programs, account: account, settings: settings)
      if let process = awaitReadiness(of: directory, lifeline: lifeline, deadline: deadline) {
        return SupervisedServer(
          processIdentifier: process, supervisor: supervisor, lifeline: lifeline)
      }
      log = directory.logTail()
      // After a crash the old server's children may hold its shared memory for a moment yet.
      mayRetry = log.contains("is still in use") && ContinuousClock.now < deadline
      if mayRetry { directory.unmarkEphemeral() }
      end(supervisor, lifeline: lifeline)
    } while mayRetry
    throw PrivatePostgresError(
      "PostgreSQL did not start in \(directory.path). The end of its log:\n\(log)")
  }

  /// Stops the server if it still runs, and waits for the supervisor's end.
  func stop() {
    Self.end(supervisor, lifeline: lifeline)
  }

  func kill() {
    _ = Glibc.kill(processIdentifier, SIGKILL)
  }

  private static func end(_ supervisor: pid_t, lifeline: Int32) {
    // Shut down, not closed: we still want to hear of the supervisor's end.
    shutdown(lifeline, Int32(SHUT_WR))
    _ = ServerProcess.readAll(lifeline)
    close(lifeline)
    Child.reap(supervisor)
  }

  /// Waits until the server says in its pid file that it is ready.
  ///
  /// - Returns: Its process id, or nil if it ended or the deadline passed.
  private static func awaitReadiness(
    of directory: ClusterDirectory, lifeline: Int32, deadline: ContinuousClock.Instant
  ) -> pid_t? {
    var descriptor = pollfd(fd: lifeline, events: Int16(POLLIN), revents: 0)
    while ContinuousClock.now < deadline {
      // Readable means that the supervisor reports the server's end.
      guard poll(&descriptor, 1, 10) <= 0 else { return nil }
      // A server that crashed has left its file behind.
      if let file = directory.postmasterFile, file.isReady,
        file.isAlive(on: directory.dataDirectory)
      {
        return file.processIdentifier
      }
    }
    return nil
  }
}
