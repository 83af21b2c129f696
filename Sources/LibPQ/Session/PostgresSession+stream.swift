import CPostgreSQL

extension PostgresSession {
  /// Runs a statement, and hands over its rows one by one as they come in, holding none of them.
  ///
  /// - Parameters:
  ///   - statement: What to run. It isn't prepared.
  ///   - body: Takes a row.
  /// - Throws: What `body` throws, or ``PostgresError``, perhaps after some of the rows; the rest is not read,
  ///   and the connection given up.
  package func stream<Statement: PostgresStatement>(
    _ statement: Statement, _ body: (Statement.Row) throws -> Void
  ) throws {
    parameters.reset()
    let slots = try parameters.bind(statement)
    try wire.roundTrip {
      let sent = parameters.withPointers(slots) { values, lengths, formats in
        PQsendQueryParams(
          wire.connection, Statement.sql, Int32(slots.count),
          Statement.parameterTypes.map(\.rawValue), values, lengths, formats, 1)
      }
      guard sent == 1, PQsetSingleRowMode(wire.connection) == 1 else {
        throw wire.failure(statement: Statement.name)
      }
      do {
        while let result = try wire.nextResult() {
          try check(result, statement: Statement.name)
          guard result.rowCount > 0 else { continue }
          wire.restartClock()
          let reader = RowReader(result)
          try body(reader.read(Statement.self, index: 0, statement: Statement.name))
        }
      } catch {
        wire.health.markBroken()
        throw error
      }
    }
  }
}
