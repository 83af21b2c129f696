import CPostgreSQL

/// One pipeline under way: what was queued, and how far its answers were read.
package struct Pipeline: ~Copyable {
  /// An answer to come.
  private enum Expected {
    case prepared(ObjectIdentifier, serverName: String, statement: String)
    case executed(ObjectIdentifier, statement: String?)
  }

  private let session: PostgresSession
  private let wire: Wire
  private var expected: [Expected] = []
  private var received = 0
  private var hasReceivedSync = false
  /// Prepared in this pipeline, which may yet fail.
  private var preparing: [ObjectIdentifier: String] = [:]

  init(session: PostgresSession) {
    self.session = session
    wire = session.wire
  }

  func start() throws {
    guard PQenterPipelineMode(wire.connection) == 1 else { throw wire.failure(statement: nil) }
  }

  /// Queues a statement, and before it its preparation if the session needs that.
  mutating func queue<Statement: PostgresStatement>(
    _: Statement.Type, slots: Range<Int>
  ) throws {
    let identity = ObjectIdentifier(Statement.self)
    guard let name = Statement.name else {
      try send(Statement.self, slots: slots, serverName: nil)
      expected.append(.executed(identity, statement: nil))
      return
    }
    let serverName: String
    if let known = session.preparedStatements.serverName(of: Statement.self) ?? preparing[identity]
    {
      serverName = known
    } else {
      serverName = session.preparedStatements.newServerName(for: Statement.self, name: name)
      let types = Statement.parameterTypes.map(\.rawValue)
      guard
        PQsendPrepare(wire.connection, serverName, Statement.sql, Int32(types.count), types) == 1
      else { throw lost(statement: name) }
      preparing[identity] = serverName
      expected.append(.prepared(identity, serverName: serverName, statement: name))
    }
    try send(Statement.self, slots: slots, serverName: serverName)
    expected.append(.executed(identity, statement: name))
  }

  /// Sends a statement, as far as the socket takes it; the server begins at once.
  ///
  /// - Throws: ``PostgresError``; of kind `misuse` if the values are not what the types say.
  package mutating func send<Statement: PostgresStatement>(
    _ statement: Statement
  ) throws where Statement.Row == Void {
    session.parameters.reset()
    let slots = try session.parameters.bind(statement)
    try queue(Statement.self, slots: slots)
    // Whatever does not go out now goes out while the answers are waited for.
    _ = PQflush(wire.connection)
  }

  func sync() throws {
    guard PQpipelineSync(wire.connection) == 1 else { throw lost(statement: nil) }
  }

  /// Waits for a statement's answer, and reads its rows.
  mutating func receive<Statement: PostgresStatement>(
    _: Statement.Type
  ) throws -> [Statement.Row] {
    while let result = try nextAnswer() {
      guard case .executed(_, let statement) = expected[received - 1] else { continue }
      return try RowReader(result).readAll(Statement.self, statement: statement)
    }
    return []
  }

  /// Waits for the end of the pipeline, after the last answer.
  mutating func finish() throws {
    while !hasReceivedSync { _ = try nextAnswer() }
    guard PQexitPipelineMode(wire.connection) == 1 else { throw wire.failure(statement: nil) }
  }

  /// After an error: reads what is left, so that the session is as new.
  mutating func drain() {
    while !hasReceivedSync, wire.health.isUsable, PQstatus(wire.connection) == CONNECTION_OK {
      do {
        _ = try nextAnswer()
      } catch let error as PostgresError where error.kind != .server {
        // What was thrown first says why; that the connection is given up is noted already.
        return
      } catch {}
    }
    guard hasReceivedSync, PQexitPipelineMode(wire.connection) == 1 else {
      wire.health.markBroken()
      return
    }
  }

  /// Waits for the next answer, and takes note of it.
  ///
  /// - Returns: The result; nil for the pipeline's end.
  private mutating func nextAnswer() throws -> ServerResult? {
    guard let result = try wire.nextResult() else { throw lost(statement: nil) }
    if result.status == PGRES_PIPELINE_SYNC {
      hasReceivedSync = true
      return nil
    }
    guard received < expected.count else { throw lost(statement: nil) }
    let answered = expected[received]
    received += 1
    // A statement's answer ends with a nil, which is there at once.
    while try wire.nextResult() != nil {}
    switch answered {
    case .prepared(let identity, let serverName, let statement):
      try session.check(result, statement: statement)
      session.preparedStatements.insert(identity, serverName: serverName)
    case .executed(let identity, let statement):
      do {
        try session.check(result, statement: statement)
      } catch {
        // The tables have changed under a plan, or somebody ran DEALLOCATE.
        if error.sqlState == .featureNotSupported || error.sqlState == .invalidStatementName {
          session.preparedStatements.forget(identity)
        }
        throw error
      }
    }
    return result
  }

  private func send<Statement: PostgresStatement>(
    _: Statement.Type, slots: Range<Int>, serverName: String?
  ) throws {
    let sent = session.parameters.withPointers(slots) { values, lengths, formats in
      if let serverName {
        PQsendQueryPrepared(
          wire.connection, serverName, Int32(slots.count), values, lengths, formats, 1)
      } else {
        PQsendQueryParams(
          wire.connection, Statement.sql, Int32(slots.count),
          Statement.parameterTypes.map(\.rawValue), values, lengths, formats, 1)
      }
    }
    guard sent == 1 else { throw lost(statement: serverName) }
  }

  /// libpq refuses to queue, or answers out of step: nothing can be known of this session any more.
  private func lost(statement: String?) -> PostgresError {
    var error = wire.failure(statement: statement)
    // Also where libpq only finds itself misused: of a COMMIT that is under way nothing can be learnt any more.
    error.kind = .connection
    wire.health.markBroken()
    return error
  }
}
