import LibPQ

// Sessions that are nobody's node: a DBA's, or an intruder's.

extension TestDatabase {
  /// Lends a connection, and closes it afterwards.
  ///
  /// A transaction that is begun on it stays open until it is ended, or the connection closed.
  package func withConnection<R: Sendable>(
    _ body: (PostgresConnection) async throws -> R
  ) async throws -> R {
    try await PostgresConnection.with(try PostgresConfiguration(connectionString), body)
  }

  /// Runs a statement and gives its rows as text.
  @discardableResult
  package func query(_ sql: String) async throws -> [[String?]] {
    try await withConnection { try await $0.query(sql) }
  }

  /// Runs a statement that gives one number.
  package func count(_ sql: String) async throws -> Int {
    let rows = try await query(sql)
    return rows.first?.first?.flatMap { $0 }.flatMap { Int($0) } ?? 0
  }

  /// Runs any number of statements.
  package func execute(_ script: String) async throws {
    try await withConnection { try await $0.execute(script) }
  }

  /// Whether sessions of this database wait for a lock of this type: `advisory`, `tuple`,
  /// `transactionid` (another's row, or its entry in a unique index), `relation`.
  package func isWaiting(_ type: String, sessions: Int = 1) async throws -> Bool {
    try await count(
      """
      SELECT count(*) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = '\(type)'
      """) >= sessions
  }

  /// Ends sessions of this database from outside, as a DBA or a failing server would.
  ///
  /// - Parameter condition: which ones, in terms of `pg_stat_activity`.
  package func terminateSessions(where condition: String = "true") async throws {
    try await query(
      """
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND (\(condition))
      """)
  }
}

extension PostgresConnection {
  /// Runs a statement and gives its rows as text.
  @discardableResult
  package func query(_ sql: String) async throws -> [[String?]] {
    try await run { try $0.query(sql).rows }
  }

  /// Runs any number of statements.
  package func execute(_ script: String) async throws {
    try await run { try $0.executeScript(script) }
  }
}
