import LibPQ
import TrustBudget

/// Whether the server is the one on which the ledger has lived, or has taken it over without loss.
///
/// - Dump and restore: refused. The row's `xmin` is not the transaction that it says wrote it; and where it is
///   by chance, as the ids of a new cluster are small, the newest entry's is not.
/// - Logical replication of which the subscriber began as a physical copy: refused for the newest entry's sake,
///   once an entry came that way.
/// - pg_upgrade: accepted. Another cluster by name, and the same rows with the same transaction ids.
/// - A standby that was promoted: accepted by a node that finds the last entry that it has seen.
///   Under synchronous replication that is always so. A node that has seen none cannot tell, and
///   waits for one that can, or for the owner.
/// - A standby without the last entries: refused by every node that misses one.
struct ServerCheck: Sendable {
  /// Entries that this node has seen committed.
  let seen: [TrailHead]

  func ledger(on session: PostgresSession) throws -> FoundLedger {
    try ledger(on: session, isNoted: false)
  }

  /// - Parameter isNoted: where it lives was noted a moment ago.
  private func ledger(on session: PostgresSession, isNoted: Bool) throws -> FoundLedger {
    guard let found = try session.execute(ReadLedgerServer()).first else {
      throw SchemaProblem.withoutLedger
    }
    if let other = seen.first(where: { $0.ledger.id != found.ledger.identity.id }) {
      throw SchemaProblem.otherLedger(
        found: found.ledger.identity.id, expected: other.ledger.id)
    }
    let isOtherServer = found.recorded.systemIdentifier != found.current.systemIdentifier
    guard found.isOriginal, try !isOtherServer || hasOriginalEntries(found, on: session) else {
      throw SchemaProblem.restored(otherServer: isOtherServer)
    }
    // What was lost before the owner began a new epoch is known to be.
    let witnesses = seen.filter { $0.ledger.epoch >= found.ledger.identity.epoch }
    if !witnesses.isEmpty,
      let lost = try session.execute(FindLostHeads(heads: witnesses)).first
    {
      throw SchemaProblem.entriesLost(witnesses[lost])
    }
    guard found.recorded != found.current, !isNoted else { return found.ledger }
    if !isOtherServer, found.recorded.timeline != found.current.timeline, witnesses.isEmpty {
      throw SchemaProblem.promoted(
        from: found.recorded.timeline, to: found.current.timeline)
    }
    // Nobody has seen anything of a ledger that is looked at for the first time: whoever is to write notes it.
    guard !found.isReadOnly || !witnesses.isEmpty,
      try recognise(witnesses.first, on: session)
    else { return found.ledger }
    // Which wrote the row anew.
    return try ledger(on: session, isNoted: true)
  }

  private func hasOriginalEntries(
    _ found: LedgerServer, on session: PostgresSession
  ) throws -> Bool {
    let statement = IsNewestEntryOriginal(epoch: found.ledger.identity.epoch)
    return try session.execute(statement).first ?? true
  }

  /// Notes where the ledger lives now, for the nodes that have seen nothing.
  ///
  /// - Returns: false where this session may not.
  private func recognise(_ witness: TrailHead?, on session: PostgresSession) throws -> Bool {
    do {
      guard witness != nil else {
        _ = try session.execute(RecogniseServer(witness: nil))
        return true
      }
      // A node says so in whatever session it notices: nobody may ask it for a charge before.
      _ = try session.execute(BeginTransaction())
      _ = try session.execute(RecogniseServer(witness: witness))
      try session.commit()
      return true
    } catch let error as PostgresError
      where error.sqlState == .readOnlyTransaction || error.sqlState == .insufficientPrivilege
    {
      // A session for reads, or a role that may not: then another will.
      if witness != nil { _ = try session.execute(RollbackTransaction()) }
      return false
    }
  }
}

/// Where the ledger says that it lives, and where it is found.
struct LedgerServer: Sendable {
  struct Place: Hashable, Sendable {
    let systemIdentifier: Int64
    let timeline: Int64
    /// nil where no node has looked yet.
    let database: Int64?
  }

  let ledger: FoundLedger
  let recorded: Place
  let current: Place
  let isOriginal: Bool
  /// Whether the session is for reads.
  let isReadOnly: Bool
}

struct ReadLedgerServer: PostgresStatement {
  // Without migration 7 the row has no place for the database's name.
  static let sql = """
    SELECT l.id::text, l.epoch, l.xmin::text::bigint, l.system_identifier, l.timeline,
           CASE WHEN to_jsonb(l) ? 'database' THEN (to_jsonb(l) ->> 'database')::bigint ELSE d.oid::bigint END,
           s.system_identifier, s.timeline, d.oid::bigint, s.is_original,
           current_setting('transaction_read_only')::boolean
    FROM trust_budget.ledger AS l CROSS JOIN trust_budget.server() AS s
         JOIN pg_database AS d ON d.datname = current_database()
    """

  static func decode(_ row: inout PostgresRow) throws -> LedgerServer {
    LedgerServer(
      ledger: try ReadLedger.decode(&row),
      recorded: try place(&row),
      current: try place(&row),
      isOriginal: try row.next(Bool.self),
      isReadOnly: try row.next(Bool.self))
  }

  private static func place(_ row: inout PostgresRow) throws -> LedgerServer.Place {
    LedgerServer.Place(
      systemIdentifier: try row.next(Int64.self), timeline: try row.next(Int64.self),
      database: try row.next(Int64?.self))
  }
}

/// Whether the newest entry of an epoch was written by the transaction that it names; no row where the
/// epoch has none.
struct IsNewestEntryOriginal: PostgresStatement {
  static let sql = """
    SELECT e.xmin = e.transaction_id::xid FROM trust_budget.audit_entries AS e
    WHERE e.epoch = $1 ORDER BY e.transaction_id DESC, e.entry_id DESC LIMIT 1
    """
  static let parameterTypes: [PostgresType] = [.int8]

  let epoch: Int64

  func bind(_ parameters: inout PostgresParameters) { parameters.append(epoch) }

  static func decode(_ row: inout PostgresRow) throws -> Bool { try row.next(Bool.self) }
}

struct RecogniseServer: PostgresStatement {
  typealias Row = Void

  static let sql = "SELECT trust_budget.recognise_server($1, $2, $3)"
  static let parameterTypes: [PostgresType] = [.text, .int8, .bytea]

  let witness: TrailHead?

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(witness?.budgetID)
    parameters.append(witness?.sequence)
    parameters.append(witness?.hash)
  }
}
