import LibPQ
import TrustBudget

/// Reads of the ledger: never locking, never deciding.
package struct LedgerReader: Sendable {
  let pool: PostgresPool
  let node: String
  let patience: Duration
  let witness: Witness

  init(_ sessions: LedgerSessions, witness: Witness) throws {
    pool = PostgresPool(
      try sessions.forReads(), maximumConnections: sessions.settings.readers,
      opening: SchemaOwner.checkExisting)
    node = sessions.settings.node
    patience = sessions.settings.patience
    self.witness = witness
  }

  /// For whoever only looks: a ledger has a reader of its own.
  ///
  /// - Throws: `PostgresError` when the connection string cannot be read.
  package init(connectionString: String, settings: LedgerSettings) throws {
    try self.init(
      LedgerSessions(connectionString: connectionString, settings: settings), witness: Witness())
  }

  /// The charge with this id, and what became of it.
  ///
  /// - Throws: `LedgerError`, as every read here does; also where there is none, and the server is one
  ///   that cannot say so: a primary that was replaced while this session lived, say.
  package func charge(_ id: RequestID) async throws -> ChargeRecord? {
    let seen = witness.heads
    do {
      return try await read { session in
        let entries = try session.execute(FindRequests(ids: [id.value]))
        if entries.isEmpty, !seen.isEmpty {
          _ = try SchemaCheck.embedded.ledger(on: session, seen: seen)
        }
        return ChargeRecord(entries: entries)
      }
    } catch let problem as SchemaProblem {
      throw LedgerError.unavailable(reason: problem.ledgerReason)
    }
  }

  /// The same, once it can't be lost in a failover any more: for answers by which somebody signs.
  package func confirmedCharge(_ id: RequestID) async throws -> ChargeRecord? {
    let entries = try await read { session in
      let entries = try session.execute(FindRequests(ids: [id.value]))
      if !entries.isEmpty { try session.awaitStandby() }
      return entries
    }
    return ChargeRecord(entries: entries)
  }

  /// One budget, as a charge would find it now.
  package func budget(_ id: BudgetID) async throws -> Budget? {
    let statement = ReadBudgets(ids: [id.value])
    let (now, budgets) = try await read { try $0.pipeline(ReadClock(), statement) }
    guard let now = now.first else { return nil }
    return budgets.first?.afterDueReset(at: now)
  }

  /// A page of a budget's entries, the newest first.
  package func entries(_ query: EntryQuery) async throws -> [Entry] {
    try await read { try $0.execute(query) }
  }

  /// What a charge would be answered now. Nothing is locked, and nothing is written.
  package func dryRun(_ charge: Charge) async throws -> Answer {
    let ids = charge.terms.map(\.budgetID.value)
    let requests = FindRequests(ids: [charge.requestID.value])
    let (ledger, now, budgets, entries) = try await read {
      try $0.pipeline(ReadLedger(), ReadClock(), ReadBudgets(ids: ids), requests)
    }
    guard let ledger = ledger.first?.identity, let now = now.first else {
      throw LedgerError.unavailable(reason: "the ledger has no identity")
    }
    let existing = Set(budgets.map(\.id))
    let new = charge.terms.filter { !existing.contains($0.budgetID) }.map {
      Budget(
        id: $0.budgetID, initialBalance: $0.initialBalance, resetInterval: $0.resetInterval,
        windowStartedAt: now)
    }
    var batch = Batch(
      ledger: ledger, node: node, now: now, budgets: budgets + new,
      known: KnownRequests(entries: entries))
    return batch.decide(.charge(charge))
  }

  /// Whether the ledger can be worked on: the database is there, is a primary, has our schema, lets this
  /// role charge, and confirms it.
  ///
  /// - Throws: `SchemaProblem` when it must not be worked on, `LedgerError` when it cannot be reached.
  package func check() async throws -> LedgerIdentity {
    let seen = witness.heads
    return try await read { session in
      let ledger = try SchemaCheck.embedded.ledger(on: session, seen: seen).identity
      try witness.see(ledger)
      try FindMissingRights.checkCharges(on: session)
      // A node that has not charged yet has seen nothing committed; nor can one charge whose standby is away.
      if !witness.knows(ledger) {
        witness.begin(with: try session.confirmedTrailHead())
      }
      return ledger
    }
  }

  /// Whether the schema is one that this program knows: for those who look, also at a ledger that nobody may
  /// charge.
  ///
  /// - Throws: `SchemaProblem`, `LedgerError`.
  package func checkVersion() async throws {
    try await read { try SchemaCheck.embedded.checkVersion(on: $0) }
  }

  /// Connections that are in use for reads at this moment.
  package var connectionsInUse: Int { pool.lentConnections }

  package var connectionLimit: Int { pool.limit }

  package func close() async {
    await pool.close()
  }

  func read<R: Sendable>(
    _ body: @escaping @Sendable (PostgresSession) throws -> R
  ) async throws -> R {
    let start = ContinuousClock.now
    do {
      do {
        return try await readOnce(body, before: start + patience)
      } catch let error as PostgresError
        where error.isConnectionLost && ContinuousClock.now < start + patience / 2
      {
        // Somebody may have ended this one session. Where more is wrong, the second attempt fails like the first.
        return try await readOnce(body, before: start + patience)
      }
    } catch let problem as SchemaProblem {
      throw problem
    } catch let fault as TrailFault {
      throw LedgerError.refused(reason: "\(fault)")
    } catch {
      throw LedgerError.unavailable(reason: error.ledgerReason)
    }
  }

  private func readOnce<R: Sendable>(
    _ body: @escaping @Sendable (PostgresSession) throws -> R,
    before deadline: ContinuousClock.Instant
  ) async throws -> R {
    try await pool.withConnection(deadline: deadline) { connection in
      do {
        return try await connection.run(body)
      } catch let problem as SchemaProblem {
        // The next one may lead to where the ledger is now.
        await connection.close()
        throw problem
      }
    }
  }
}
