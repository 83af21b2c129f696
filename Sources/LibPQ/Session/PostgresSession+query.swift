import CPostgreSQL

extension PostgresSession {
  /// Runs one statement of any kind, and gives its rows as text: for administration and tests.
  ///
  /// - Throws: ``PostgresError``, also where the text holds several statements.
  @discardableResult
  package func query(_ sql: String) throws -> PostgresTable {
    try wire.roundTrip {
      guard PQsendQueryParams(wire.connection, sql, 0, nil, nil, nil, nil, 0) == 1 else {
        throw wire.failure(statement: nil)
      }
      var table = PostgresTable(columns: [], rows: [])
      try readResults { table = PostgresTable($0) }
      return table
    }
  }
}
