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
  private var connection: PostgresConnection?

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
      try await withSession(onTaskCancellation: .cancelStatement) { session in
        try BreakGlassTrail.begin(on: session)
        let head = try BreakGlassTrail.head(of: journalID, on: session)
        try session.commitTouchingLog()
        return head
      }
    }.value
  }

  /// Appends events of one journal, in their order, all or none. Those that are there already stay.
  ///
  /// - Throws: `BreakGlassFork` when another event has the number of one of them; `BreakGlassGap`
  ///   when the one before them is not there; `SchemaProblem`; `UnconfirmedCommit`, or
  ///   `PostgresError`, after which the events are there or not.
  package func append(_ events: [BreakGlassEvent]) async throws {
    try await withSession { session in
      try BreakGlassTrail.begin(on: session)
      try BreakGlassTrail.insert(events, on: session)
      try session.commitTouchingLog()
    }
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
    try await withSession { session in
      try BreakGlassTrail.begin(on: session)
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
      try session.commitTouchingLog()
      return outcomes
    }
  }

  package func close() async {
    let connection = connection
    self.connection = nil
    await connection?.close()
  }

  /// The ledger's row is looked at first, and locked against a new epoch by that: an event never
  /// gets the number of an epoch that has ended.
  private static func begin(on session: PostgresSession) throws {
    _ = try session.execute(BeginTransaction())
    _ = try session.execute(ReadLedger())
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

  /// Lends the session in use, or a new one that leads to our ledger. Errors end it: whatever was the
  /// matter, a new one finds out how things are.
  ///
  /// What writes is never given up while it is under way: it would leave things unknown.
  private func withSession<R: Sendable>(
    onTaskCancellation: CancellationBehaviour = .ignore,
    _ body: @Sendable (PostgresSession) throws -> R
  ) async throws -> R {
    let session: PostgresConnection
    if let connection, connection.isUsable {
      session = connection
    } else {
      session = try await PostgresConnection.connect(configuration)
      do {
        _ = try await session.run { try SchemaCheck.embedded.ledgerIdentity(on: $0) }
      } catch {
        await session.close()
        throw error
      }
      connection = session
    }
    do {
      return try await session.run(onTaskCancellation: onTaskCancellation, body)
    } catch {
      connection = nil
      await session.close()
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

/// PostgreSQL has another event under a number than the journal: two nodes have written under the
/// identity of one, a copied disk say, or one of the trails was rewritten.
package struct BreakGlassFork: Error, Hashable, Sendable, CustomStringConvertible {
  package let journalID: String
  package let sequence: Int64

  package init(journalID: String, sequence: Int64) {
    self.journalID = journalID
    self.sequence = sequence
  }

  package var description: String {
    "PostgreSQL has another event \(sequence) of journal \(journalID) than this node"
  }
}
