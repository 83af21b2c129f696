/// What went wrong with a connection or a statement. No password is ever in it.
package struct PostgresError: Error, Sendable, Hashable {
  /// Who said so, and what it means for the connection.
  package enum Kind: String, Sendable {
    /// No connection could be made, or it was lost. What was under way on a lost one is unknown.
    case connection
    /// The server refused a statement. The session lives on, unless ``isConnectionLost``.
    case server
    /// The server didn't answer in time, by our clock. The connection is discarded, and what was
    /// under way is unknown.
    case timeout
    /// The task was cancelled, and the statement with it.
    case cancelled
    /// The server's answer isn't what the statement's types say. It was carried out nevertheless.
    case decoding
    /// Wrong use of this library, or settings that make no sense. Nothing was sent, except for COPY, which
    /// costs the connection.
    case misuse
    /// No connection of the pool came free in time.
    case poolExhausted
  }

  package var kind: Kind
  /// The server's code, where it gave one.
  package var sqlState: SQLState?
  /// One line: the server's or libpq's own words where they have some.
  package var message: String
  package var detail: String?
  package var hint: String?
  /// Where in the server's functions it happened (PL/pgSQL's call stack).
  package var context: String?
  package var schema: String?
  package var table: String?
  package var column: String?
  package var constraint: String?
  /// Where in the SQL text, in characters from 1.
  package var position: Int?
  /// The ``PostgresStatement/name`` of the statement that failed.
  package var statement: String?
  /// Whether the server ended the session with this error (severity FATAL or PANIC).
  package var isFatal = false

  package init(_ kind: Kind, sqlState: SQLState? = nil, _ message: String) {
    self.kind = kind
    self.sqlState = sqlState
    self.message = message
  }

  /// Whether the session is gone, so that nothing more can be learnt from it. If a COMMIT was
  /// under way, its outcome is unknown.
  package var isConnectionLost: Bool {
    if kind == .connection || kind == .timeout || isFatal { return true }
    guard kind == .server, let sqlState else { return false }
    return sqlState.errorClass == "08"
      || [.adminShutdown, .crashShutdown, .cannotConnectNow].contains(sqlState)
  }

  /// Whether the server refused to know us: user, password, `pg_hba.conf`.
  package var isAuthenticationFailure: Bool { sqlState?.errorClass == "28" }
}

extension PostgresError: CustomStringConvertible {
  /// Everything that helps a person, in one paragraph.
  package var description: String {
    var text = message
    if let sqlState { text += " (SQLSTATE \(sqlState))" }
    for (label, value) in [
      ("statement", statement), ("detail", detail), ("hint", hint), ("schema", schema),
      ("table", table), ("column", column), ("constraint", constraint),
      ("position", position.map(String.init)), ("context", context),
    ] {
      if let value { text += "; \(label): \(value)" }
    }
    return text
  }
}
