import LibPQ
import TrustBudget

/// `break_glass_events`, for those who write it: a session of its own, so that nothing that happens
/// to budgets is ever in the way.
///
/// Writing is repeatable: an event is told by its journal and number, so one that was lost with its
/// COMMIT is there once, however often it is sent. And what is found is as sure as what is written: where
/// there is a synchronous standby, it has that, too.
package actor BreakGlassTrail {
  private let configuration: PostgresConfiguration
  /// The session in use, and the ledger that it was found to lead to.
  private var open: (connection: PostgresConnection, ledger: FoundLedger)?

  /// - Throws: `PostgresError` when the connection string cannot be read.
  package init(connectionString: String, settings: LedgerSettings) throws {
    self.configuration = try LedgerSessions(
      connectionString: connectionString, settings: settings
    ).forBreakGlass()
  }

  /// The newest event of a journal, as far as PostgreSQL has it.
  ///
  /// - Throws: `SchemaProblem`, `UnconfirmedCommit`, or `PostgresError`.
  package func head(of journalID: String) async throws -> BreakGlassChain {
    // What changes nothing may be cancelled when the server takes too long: it is asked again and again, and
    // each COMMIT that waits for a standby which is away would keep one more of its sessions. In a task of
    // its own, nobody else cancels it.
    try await Task {
      try await inTransaction(onTaskCancellation: .cancelStatement) { session in
        try BreakGlassTrail.head(of: journalID, on: session)
      }
    }.value
  }

  /// Appends events of one journal, in their order, all or none. Those that are there already stay.
  ///
  /// - Throws: `BreakGlassFork` when another event has the number of one of them; `BreakGlassGap`
  ///   when the one before them is not there; `SchemaProblem`; `UnconfirmedCommit`, or
  ///   `PostgresError`, after which the events are there or not.
  package func append(_ events: [BreakGlassEvent]) async throws {
    try await inTransaction { try BreakGlassTrail.insert(events, on: $0) }
  }

  /// Records requests here, where a node's own journal cannot be written.
  ///
  /// - Parameters:
  ///   - requests: with the moments at which they arrived.
  ///   - journalID: the chain that they go to; nobody else may append to it.
  /// - Throws: as ``append(_:)``. Asking again with the same moments makes nothing twice.
  package func record(
    _ requests: [(request: BreakGlassIssuance, moment: Timestamp)], in journalID: String,
    node: String
  ) async throws -> [BreakGlassOutcome] {
    try await inTransaction { session in
      let found = try session.execute(
        FindBreakGlassRequests(ids: requests.map(\.request.requestID.value)))
      var known = Dictionary(found.map { ($0.requestID, $0) }) { first, _ in first }
      var chain = try BreakGlassTrail.head(of: journalID, on: session)
      var new: [BreakGlassEvent] = []
      let outcomes = requests.map { request, moment in
        if let event = known[request.requestID.value] {
          return BreakGlassOutcome(request, recordedAs: event)
        }
        let event = chain.append(request, node: node, at: moment)
        known[event.requestID] = event
        new.append(event)
        return BreakGlassOutcome.recorded(event, replayed: false)
      }
      try BreakGlassTrail.insert(new, on: session)
      return outcomes
    }
  }

  package func close() async {
    let connection = open?.connection
    open = nil
    await connection?.close()
  }

  private static func insert(_ events: [BreakGlassEvent], on session: PostgresSession) throws {
    guard let first = events.first, let last = events.last else { return }
    for event in events { _ = try session.execute(InsertBreakGlassEvent(event: event)) }
    let range = BreakGlassRange(
      journalID: first.journalID, from: first.sequence - 1, through: last.sequence)
    let stored = Dictionary(try session.execute(range)) { first, _ in first }
    guard first.sequence == 1 || stored[first.sequence - 1] != nil else {
      throw BreakGlassGap(journalID: first.journalID, sequence: first.sequence - 1)
    }
    for event in events where stored[event.sequence] != event.hash {
      throw BreakGlassFork(journalID: event.journalID, sequence: event.sequence)
    }
  }

  private static func head(
    of journalID: String, on session: PostgresSession
  ) throws -> BreakGlassChain {
    let newest = try session.execute(ReadBreakGlassHead(journalID: journalID)).first
    return BreakGlassChain(
      journalID: journalID, sequence: newest?.sequence ?? 0, hash: newest?.hash ?? .zero)
  }

  /// Runs `body` in one transaction of the session in use, or of a new one that leads to our ledger. Errors
  /// end the session: whatever was the matter, a new one finds out how things are.
  ///
  /// The ledger's row is looked at first, and so its table is locked against a new epoch, and against a
  /// restore: an event never gets the number of an epoch that has ended.
  ///
  /// What writes is never given up while it is under way: it would leave things unknown.
  private func inTransaction<R: Sendable>(
    onTaskCancellation: CancellationBehaviour = .ignore,
    _ body: @Sendable (PostgresSession) throws -> R
  ) async throws -> R {
    let (connection, ledger) = try await session()
    do {
      return try await connection.run(onTaskCancellation: onTaskCancellation) { session in
        _ = try session.execute(BeginTransaction())
        guard try session.execute(ReadLedger()).first == ledger else { throw LedgerRewritten() }
        let result = try body(session)
        try session.commitTouchingLog()
        return result
      }
    } catch {
      open = nil
      await connection.close()
      guard error is LedgerRewritten else { throw error }
    }
    // The new one says what is to be said of the ledger that is there.
    return try await inTransaction(onTaskCancellation: onTaskCancellation, body)
  }

  private func session() async throws -> (PostgresConnection, FoundLedger) {
    if let open, open.connection.isUsable { return open }
    let connection = try await PostgresConnection.connect(configuration)
    do {
      let ledger = try await connection.run { try SchemaCheck.embedded.ledger(on: $0) }
      open = (connection, ledger)
      return (connection, ledger)
    } catch {
      await connection.close()
      throw error
    }
  }
}

/// The event that others were to follow is not in PostgreSQL any more.
package struct BreakGlassGap: Error, Hashable, Sendable, CustomStringConvertible {
  package let journalID: String
  package let sequence: Int64

  package var description: String {
    "PostgreSQL has lost event \(sequence) of journal \(journalID)"
  }
}
