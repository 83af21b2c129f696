import CPostgreSQL
import Glibc

/// A session with the server, lent to the closure of ``PostgresConnection/run(onTaskCancellation:_:)``.
///
/// Its calls block the connection's own thread. Each is one round trip.
package final class PostgresSession {
  let wire: Wire
  var parameters = PostgresParameters()
  var preparedStatements = PreparedStatements()

  init(wire: Wire) {
    self.wire = wire
  }

  /// Whether a transaction is open, as of the last answer.
  package var transactionStatus: TransactionStatus {
    switch PQtransactionStatus(wire.connection) {
    case PQTRANS_IDLE: .idle
    case PQTRANS_INTRANS: .open
    case PQTRANS_INERROR: .failed
    default: .unknown
    }
  }

  /// The server process that serves this session, as `pg_backend_pid()` tells it.
  package var backendProcessIdentifier: Int32 { PQbackendPID(wire.connection) }

  /// Looks whether the server has closed the connection, without asking it anything.
  func isAlive() -> Bool {
    guard wire.health.isUsable, PQstatus(wire.connection) == CONNECTION_OK else { return false }
    var descriptor = pollfd(fd: PQsocket(wire.connection), events: Int16(POLLIN), revents: 0)
    // Nothing to read is the rule. Else it is the end, or a notice, which reading tells apart.
    guard poll(&descriptor, 1, 0) > 0 else { return true }
    let isReadable = PQconsumeInput(wire.connection) == 1
    _ = PQisBusy(wire.connection)  // has libpq look at what came
    if !isReadable || wire.notices.farewell != nil { wire.health.markBroken() }
    return wire.health.isUsable
  }

  /// A setting that the server reports of its own accord, such as `server_version`, `TimeZone` or
  /// `in_hot_standby`; nil if it doesn't report that one.
  package func parameterStatus(_ name: String) -> String? {
    PQparameterStatus(wire.connection, name).map { String(cString: $0) }
  }

  /// From now on an answer may be away for as long as it takes: for statements that rightly take long.
  package func liftResponseTimeout() {
    wire.responseTimeout = nil
  }

  /// Whether the wait of a COMMIT since the last call for the synchronous standby was cut short.
  package func takeUnconfirmedCommit() -> Bool {
    defer { wire.notices.hasUnconfirmedCommit = false }
    return wire.notices.hasUnconfirmedCommit
  }

  /// Runs SQL text that may hold several statements, as a migration does. Rows are thrown away.
  ///
  /// Without BEGIN in it, several statements are one transaction to the server.
  ///
  /// - Throws: ``PostgresError`` of the first statement that fails; the rest isn't carried out.
  package func executeScript(_ sql: String) throws {
    try wire.roundTrip {
      guard PQsendQuery(wire.connection, sql) == 1 else { throw wire.failure(statement: nil) }
      try readResults { _ in }
    }
  }

  /// Rolls back what is open, so that nobody else finds a transaction. Never throws: a connection on
  /// which not even that works is broken and marked so.
  func rollBackIfNeeded() {
    guard wire.health.isUsable, transactionStatus != .idle else { return }
    try? executeScript("ROLLBACK")
    if transactionStatus != .idle { wire.health.markBroken() }
  }

  /// Reads all results outside a pipeline, to the end, and shows `body` those before the first error.
  ///
  /// - Throws: The first error among them.
  func readResults(_ body: (borrowing ServerResult) throws -> Void) throws {
    var firstError: (any Error)?
    while let result = try wire.nextResult() {
      do {
        try check(result, statement: nil)
        if firstError == nil { try body(result) }
      } catch {
        firstError = firstError ?? error
        // COPY would wait for data, for ever.
        if PQstatus(wire.connection) != CONNECTION_OK || !wire.health.isUsable { break }
      }
    }
    if let firstError { throw firstError }
  }

  /// Makes an error of a result that is one.
  func check(_ result: borrowing ServerResult, statement: String?) throws(PostgresError) {
    switch result.status {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_EMPTY_QUERY,
      PGRES_PIPELINE_SYNC:
      return
    case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
      wire.health.markBroken()
      throw PostgresError(.misuse, "COPY is not supported here; the connection is given up")
    default:
      let error = result.error(kind: .server, statement: statement)
      // The server's errors have a code. One that has none is libpq's own, of a session that is lost,
      // even where libpq itself only notices when it reads from it the next time.
      let isLost =
        PQstatus(wire.connection) != CONNECTION_OK || result.status == PGRES_FATAL_ERROR
      guard isLost, error.sqlState == nil else { throw error }
      wire.health.markBroken()
      throw wire.explained(result.error(kind: .connection, statement: statement))
    }
  }
}
