import CPostgreSQL
import Foundation

/// The bytes' way to the server and back, without ever blocking in one direction only.
///
/// libpq is in non-blocking mode: if both sides only wrote, a long pipeline would fill the socket's
/// buffers in both directions and stand still for ever.
final class Wire {
  /// How often a wait looks up whether a cancellation was asked for.
  private static let slice: Duration = .milliseconds(200)

  let connection: OpaquePointer
  let health: ConnectionHealth
  let notices = NoticeCollector()
  private let cancellation: StatementCancellation
  /// How long the answer of a round trip may be away; nil: for ever.
  var responseTimeout: Duration?
  private var deadline: ContinuousClock.Instant?
  private var cancellationDeadline: ContinuousClock.Instant?

  /// Takes the connection over, and closes it in the end.
  init(
    connection: OpaquePointer, health: ConnectionHealth, cancellation: StatementCancellation,
    responseTimeout: Duration?
  ) {
    self.connection = connection
    self.health = health
    self.cancellation = cancellation
    self.responseTimeout = responseTimeout
    notices.attach(to: connection)
  }

  deinit {
    PQfinish(connection)
  }

  /// Carries out one round trip, from the first statement queued to the last answer read.
  func roundTrip<Value>(_ body: () throws -> Value) throws -> Value {
    guard health.isUsable else { throw PostgresError(.connection, "the connection is closed") }
    try cancellation.beginRoundTrip()
    restartClock()
    cancellationDeadline = nil
    defer {
      let isOver = cancellation.endRoundTrip(isLast: !health.isUsable)
      if !isOver || PQstatus(connection) != CONNECTION_OK { health.markBroken() }
    }
    do {
      return try body()
    } catch var error as PostgresError {
      if error.kind == .server, error.sqlState == .queryCanceled,
        cancellation.claimCancelledStatement()
      {
        error.kind = .cancelled
      }
      throw error
    }
  }

  /// Gives the server its whole time anew; for an answer that comes in parts.
  func restartClock() {
    deadline = responseTimeout.map { ContinuousClock.now + $0 }
  }

  /// Waits for the next result; nil where libpq has a statement end.
  func nextResult() throws(PostgresError) -> ServerResult? {
    while true {
      let isFlushing = PQflush(connection) == 1
      guard PQisBusy(connection) == 1 else { break }
      try wait(writing: isFlushing)
      // On failure the connection is gone. PQgetResult then gives what had been received, the
      // server's last words perhaps, and an error in the end; it no longer blocks.
      if PQconsumeInput(connection) == 0 { break }
    }
    return PQgetResult(connection).map(ServerResult.init)
  }

  /// The error of a call of libpq that failed, or of a connection that is lost.
  func failure(statement: String?) -> PostgresError {
    let text = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
    var error = PostgresError(
      PQstatus(connection) == CONNECTION_OK ? .misuse : .connection, text.trimmed())
    error.statement = statement
    return explained(error)
  }

  /// Adds why the server ended the session, if it said so at a time when nobody asked.
  func explained(_ error: PostgresError) -> PostgresError {
    guard error.kind == .connection, error.sqlState == nil, let farewell = notices.farewell else {
      return error
    }
    var error = error
    error.sqlState = farewell.sqlState
    error.detail = farewell.message
    return error
  }

  /// Waits until the socket can be read, or written if something is left to send.
  private func wait(writing: Bool) throws(PostgresError) {
    let events = Int16(writing ? POLLIN | POLLOUT : POLLIN)
    var descriptor = pollfd(fd: PQsocket(connection), events: events, revents: 0)
    while true {
      let now = ContinuousClock.now
      if cancellationDeadline == nil, cancellation.isPending {
        cancellationDeadline = now + StatementCancellation.patience
      }
      if let cancellationDeadline, now >= cancellationDeadline {
        throw giveUp(.cancelled, "cancelled, but the server did not answer the request")
      }
      if let deadline, now >= deadline {
        cancellation.cancelOverdue()
        throw giveUp(.timeout, "the server did not answer in time")
      }
      var timeout = Self.slice
      if let deadline { timeout = min(timeout, deadline - now) }
      let ready = poll(&descriptor, 1, timeout.pollMilliseconds)
      if ready > 0 || (ready < 0 && errno != EINTR) { return }
    }
  }

  private func giveUp(_ kind: PostgresError.Kind, _ message: String) -> PostgresError {
    health.markBroken()
    return PostgresError(kind, "\(message); the connection is given up")
  }
}
