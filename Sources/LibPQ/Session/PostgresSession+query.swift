import CPostgreSQL

extension PostgresSession {
  /// Runs one statement of any kind, and gives its rows as text: for administration and tests.
  ///
  /// - Parameters:
  ///   - sql: One statement. Values belong into `parameters`, as `$1`, `$2`…
  ///   - parameters: A `String` takes whatever type the server finds for its place; every other value
  ///     has its own type.
  /// - Throws: ``PostgresError``.
  @discardableResult
  package func query(
    _ sql: String, _ parameters: (any PostgresValue)?...
  ) throws -> PostgresTable {
    let bound = parameters.map(UntypedParameter.init)
    return try wire.roundTrip {
      let sent = withExtendedLifetime(bound) {
        PQsendQueryParams(
          wire.connection, sql, Int32(bound.count), bound.map(\.type),
          bound.map { UnsafePointer($0.bytes) }, bound.map(\.length), bound.map(\.format), 0)
      }
      guard sent == 1 else { throw wire.failure(statement: nil) }
      var table = PostgresTable(columns: [], rows: [])
      try readResults { table = PostgresTable($0) }
      return table
    }
  }
}
