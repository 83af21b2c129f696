import LibPQ

/// READ COMMITTED, named outright: each statement after the locks must see what was committed while
/// it waited for them, whatever the server's default is.
struct BeginTransaction: PostgresStatement {
  typealias Row = Void
  static let name: String? = "begin"
  static let sql = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
}

struct CommitTransaction: PostgresStatement {
  typealias Row = Void
  static let name: String? = "commit"
  static let sql = "COMMIT"
}

struct RollbackTransaction: PostgresStatement {
  typealias Row = Void
  static let name: String? = "rollback"
  static let sql = "ROLLBACK"
}

/// Writes a record that changes nothing.
///
/// A transaction that has written nothing does not wait for the synchronous standby when it commits. With
/// this in it, it waits until the standby has all that it found.
struct TouchLog: PostgresStatement {
  typealias Row = Void
  static let name: String? = "touch_log"
  static let sql = "SELECT WHERE pg_logical_emit_message(true, 'trust_budget', '') IS NULL"
}

extension PostgresSession {
  /// Commits, on this server and wherever it is set to wait for.
  ///
  /// - Throws: `PostgresError`; `UnconfirmedCommit`.
  func commit() throws {
    _ = try execute(CommitTransaction())
    try checkCommit()
  }

  /// Commits, and has whatever was found committed confirmed as well.
  ///
  /// - Throws: as `commit`; `UnconfirmedCommit` where it waited in vain, too.
  func commitTouchingLog() throws {
    _ = try execute(TouchLog())
    do {
      try commit()
    } catch let error as PostgresError where [.timeout, .cancelled].contains(error.kind) {
      throw UnconfirmedCommit()
    }
  }

  /// Waits until all that is committed is wherever the server is set to wait for.
  ///
  /// - Throws: `UnconfirmedCommit`, or `PostgresError`.
  package func awaitStandby() throws {
    _ = try execute(BeginTransaction())
    try commitTouchingLog()
  }

  /// Whether what was committed just now is where it is to be.
  ///
  /// - Throws: `UnconfirmedCommit`.
  func checkCommit() throws(UnconfirmedCommit) {
    if takeUnconfirmedCommit() { throw UnconfirmedCommit() }
  }
}
