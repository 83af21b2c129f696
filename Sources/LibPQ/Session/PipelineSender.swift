import CPostgreSQL

/// Sends statements one by one; see ``PostgresSession/pipeline(sending:)``.
package struct PipelineSender: ~Copyable {
  private let session: PostgresSession
  private(set) var pipeline: Pipeline

  init(session: PostgresSession) {
    self.session = session
    pipeline = Pipeline(session: session)
  }

  /// Sends a statement, as far as the socket takes it; the server begins at once.
  ///
  /// - Throws: ``PostgresError``; of kind `misuse` if the values are not what the types say.
  package mutating func send<Statement: PostgresStatement>(
    _ statement: Statement
  ) throws where Statement.Row == Void {
    session.parameters.reset()
    let slots = try session.parameters.bind(statement)
    try pipeline.queue(Statement.self, slots: slots)
    // Whatever does not go out now goes out while the answers are waited for.
    _ = PQflush(session.wire.connection)
  }
}

extension PostgresSession {
  /// Sends statements while they are still being made: the server works on the first ones
  /// meanwhile. Their answers are waited for at the end, all in one round trip.
  ///
  /// If `body` throws, what it has sent is carried out all the same; without a COMMIT among it, a
  /// transaction that is open stays open, for the caller to roll back.
  ///
  /// - Throws: ``PostgresError`` of the first statement that fails, as ``pipeline(_:)``, or what
  ///   `body` throws.
  package func pipeline(sending body: (inout PipelineSender) throws -> Void) throws {
    try wire.roundTrip {
      var sender = PipelineSender(session: self)
      try sender.pipeline.start()
      let failure: (any Error)?
      do {
        try body(&sender)
        failure = nil
      } catch {
        failure = error
      }
      var pipeline = sender.pipeline
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
}
