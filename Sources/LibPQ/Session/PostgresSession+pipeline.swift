import CPostgreSQL

extension PostgresSession {
  /// Sends all the statements at once, and gives the rows of each: one round trip.
  ///
  /// Without BEGIN among them they are one transaction to the server. After an error the server
  /// carries out none of the rest.
  ///
  /// - Returns: A tuple of arrays, one for each statement.
  /// - Throws: ``PostgresError`` of the first statement that fails. The session is usable then,
  ///   unless ``PostgresError/isConnectionLost``; a transaction that was open has failed. Of kind
  ///   `misuse`: nothing was sent. Of kind `decoding`: all of it was carried out, COMMIT included.
  package func pipeline<each Statement: PostgresStatement>(
    _ statement: repeat each Statement
  ) throws -> (repeat [(each Statement).Row]) {
    parameters.reset()
    // Everything is bound before anything is sent: a mistake here leaves no half of a pipeline.
    var slots: [Range<Int>] = []
    for statement in repeat each statement {
      slots.append(try parameters.bind(statement))
    }
    return try wire.roundTrip {
      var pipeline = Pipeline(session: self)
      var index = 0
      try pipeline.start()
      for type in repeat (each Statement).self {
        try pipeline.queue(type, slots: slots[index])
        index += 1
      }
      try pipeline.sync()
      do {
        let rows = (repeat try pipeline.receive((each Statement).self))
        try pipeline.finish()
        return rows
      } catch {
        pipeline.drain()
        throw error
      }
    }
  }

  /// Sends statements while they are still being made: the server works on the first ones
  /// meanwhile. Their answers are waited for at the end, all in one round trip.
  ///
  /// If `body` throws, what it has sent is carried out all the same; without a COMMIT among it, a
  /// transaction that is open stays open, for the caller to roll back.
  ///
  /// - Throws: ``PostgresError`` of the first statement that fails, as ``pipeline(_:)``, or what
  ///   `body` throws.
  package func pipeline(sending body: (inout Pipeline) throws -> Void) throws {
    try wire.roundTrip {
      var pipeline = Pipeline(session: self)
      try pipeline.start()
      let failure: (any Error)?
      do {
        try body(&pipeline)
        failure = nil
      } catch {
        failure = error
      }
      try pipeline.sync()
      do {
        try pipeline.finish()
      } catch {
        pipeline.drain()
        throw failure ?? error
      }
      if let failure { throw failure }
    }
  }

  /// Sends one statement, and gives its rows: one round trip.
  ///
  /// - Throws: ``PostgresError``, as ``pipeline(_:)``.
  @discardableResult
  package func execute<Statement: PostgresStatement>(
    _ statement: Statement
  ) throws -> [Statement.Row] {
    try pipeline(statement)
  }

  /// Sends one statement that gives exactly one row, whatever it finds, and gives that row.
  ///
  /// - Throws: ``PostgresError``, as ``pipeline(_:)``; of kind `decoding` for no row, or several.
  package func executeOne<Statement: PostgresStatement>(
    _ statement: Statement
  ) throws -> Statement.Row {
    let rows = try execute(statement)
    guard rows.count == 1 else {
      var error = PostgresError(.decoding, "the answer has \(rows.count) rows, not one")
      error.statement = Statement.name ?? "\(Statement.self)"
      throw error
    }
    return rows[0]
  }
}
