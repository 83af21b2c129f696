import CPostgreSQL
import Foundation

/// Cancels what a connection's session does when the task is cancelled, and never what it does next.
///
/// libpq's `PQcancel` opens a connection of its own and blocks, so a thread made for it calls it.
/// The connection's thread waits for that thread before its round trip counts as over: a server that
/// gets a cancel request late, between statements, ignores it.
///
/// `@unchecked Sendable`: every `var`, the scopes' as well, is read and written under `condition`
/// alone; the pointer is used by `PQcancel` only, which is thread-safe, and freed when nobody refers
/// to this any more.
final class StatementCancellation: @unchecked Sendable {
  /// One call of ``PostgresConnection/run(onTaskCancellation:_:)``, and whether it was cancelled.
  final class Scope: @unchecked Sendable {
    fileprivate var isCancelled = false
    /// Whether an error has told it: once is enough, so that what cleans up (ROLLBACK) gets through.
    fileprivate var isReported = false
  }

  /// How long the server may take to answer a cancel request.
  static let patience: Duration = .seconds(3)

  private let condition = NSCondition()
  private let request: OpaquePointer
  private var current: Scope?
  private var isInRoundTrip = false
  private var isSending = false
  /// Whether a request was sent in the current round trip.
  private var isSent = false

  /// - Returns: Nil if the connection is bad.
  init?(connection: OpaquePointer) {
    guard let request = PQgetCancel(connection) else { return nil }
    self.request = request
  }

  deinit {
    PQfreeCancel(request)
  }

  /// Whether the server was asked to cancel the current round trip.
  var isPending: Bool {
    condition.withLock { isInRoundTrip && isSent }
  }

  /// Makes the coming statements those of a scope.
  func enter(_ scope: Scope) {
    condition.withLock { current = scope }
  }

  /// Ends the scope; whatever comes now, nobody cancels.
  func leave() {
    condition.withLock { current = nil }
  }

  /// Cancels the scope's current statement, or its next one. Returns at once, from any thread.
  func cancel(_ scope: Scope) {
    condition.withLock {
      scope.isCancelled = true
      if current === scope, isInRoundTrip { send() }
    }
  }

  /// Cancels the current round trip, which has taken too long; not one that nobody may cancel, since
  /// a COMMIT that waits for a standby would then pass for done.
  func cancelOverdue() {
    condition.withLock {
      if isInRoundTrip, current != nil { send() }
    }
  }

  /// Announces a round trip.
  ///
  /// - Throws: ``PostgresError``, kind `cancelled`, if the scope was cancelled.
  func beginRoundTrip() throws(PostgresError) {
    let isCancelled = condition.withLock {
      if claim() { return true }
      isInRoundTrip = true
      isSent = false
      return false
    }
    if isCancelled { throw PostgresError(.cancelled, "cancelled before the statement was sent") }
  }

  /// Ends a round trip, and waits until no cancel request of it can arrive any more.
  ///
  /// - Parameter isLast: Nothing comes after it on this connection, so nothing need be waited for.
  /// - Returns: Whether that is certain.
  func endRoundTrip(isLast: Bool) -> Bool {
    condition.withLock {
      isInRoundTrip = false
      guard isSending, !isLast else { return true }
      let deadline = Date(timeIntervalSinceNow: Self.patience / .seconds(1))
      while isSending {
        guard condition.wait(until: deadline) else { return !isSending }
      }
      return true
    }
  }

  /// Whether a statement that ended with 57014 did so by the task's will; says so once.
  func claimCancelledStatement() -> Bool {
    condition.withLock { isSent && claim() }
  }

  /// Under the lock.
  private func claim() -> Bool {
    guard let current, current.isCancelled, !current.isReported else { return false }
    current.isReported = true
    return true
  }

  /// Under the lock.
  private func send() {
    guard !isSent, !isSending else { return }
    isSent = true
    isSending = true
    Thread.detachNewThread { [self] in
      // libpq 15 writes to a server that may be gone by a plain send, which would end the whole process. The
      // signal is this thread's, and goes with it.
      var brokenPipe = sigset_t()
      sigemptyset(&brokenPipe)
      sigaddset(&brokenPipe, SIGPIPE)
      pthread_sigmask(SIG_BLOCK, &brokenPipe, nil)
      var message = [CChar](repeating: 0, count: 256)
      // Its failure shows as a statement that doesn't end, for which the round trip has a deadline.
      _ = PQcancel(request, &message, Int32(message.count))
      condition.withLock {
        isSending = false
        condition.broadcast()
      }
    }
  }
}
