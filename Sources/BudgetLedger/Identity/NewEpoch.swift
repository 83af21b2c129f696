import LibPQ
import TrustBudget

/// The owner's word that a ledger goes on after a restore, or after a failover that lost entries.
package struct NewEpoch: Sendable {
  private let connectionString: String
  private let reason: String
  private let patience: Duration
  /// How long one try waits for the tables, and holds up those that charge.
  private static let lockTimeout: Duration = .milliseconds(500)

  /// - Parameters:
  ///   - reason: why, for `ledger_history`.
  ///   - patience: how long to wait for those who use the tables.
  package init(connectionString: String, reason: String, patience: Duration = .seconds(30)) {
    self.connectionString = connectionString
    self.reason = reason
    self.patience = patience
  }

  /// What came of it.
  package struct Outcome: Hashable, Sendable {
    package let ledger: LedgerIdentity
    /// Sessions of nodes that were ended, so that they come back in the new epoch.
    package let endedSessions: Int
  }

  /// Begins the next epoch, in one transaction.
  ///
  /// - Throws: `SchemaProblem` where the schema is not one that this program knows, or the trail was not
  ///   restored with its budgets; `PostgresError`:
  ///   `insufficient_privilege` for a role that does not own the ledger; `LedgerInUse` where its tables
  ///   could not be locked.
  package func begin() async throws -> Outcome {
    var configuration = try PostgresConfiguration(command: "ledger", connectionString)
    configuration.lockTimeout = NewEpoch.lockTimeout
    configuration.requirePrimary()
    let deadline = ContinuousClock.now + patience
    var watching = configuration
    // Under a name that is none of a node's, whose sessions are ended.
    watching.applicationName = "trust-budget-watch"
    return try await LockWatch.with(watching, lockTimeout: NewEpoch.lockTimeout) { watch in
      try await PostgresConnection.with(configuration) { connection in
        try await begin(on: connection, watch, until: deadline)
      }
    }
  }

  private func begin(
    on connection: PostgresConnection, _ watch: LockWatch, until deadline: ContinuousClock.Instant
  ) async throws -> Outcome {
    let reason = reason
    let processID = try await connection.run(\.backendProcessIdentifier)
    while true {
      let (result, blockers) = await watch.during(processID) {
        try await connection.run(onTaskCancellation: .ignore) { session in
          try NewEpoch.begin(because: reason, on: session)
        }
      }
      // Others lock the ledger first, and its entries then.
      guard case .failure(let error as PostgresError) = result, let state = error.sqlState,
        [.lockNotAvailable, .deadlockDetected].contains(state)
      else { return try result.get() }
      guard .now < deadline else { throw LedgerInUse(blockers: blockers) }
      try await Task.sleep(for: .milliseconds(.random(in: 200...400)))
    }
  }

  private static func begin(because reason: String, on session: PostgresSession) throws -> Outcome {
    _ = try session.execute(BeginTransaction())
    // What a newer schema makes of an epoch this program does not know.
    try SchemaCheck.embedded.checkVersion(on: session)
    _ = try session.execute(BeginEpoch(reason: reason))
    guard try session.executeOne(HasTrail()) else { throw SchemaProblem.withoutTrail }
    // Before the commit: whoever comes back waits for it, and finds the new epoch.
    let ended = try session.executeOne(EndNodeSessions())
    guard let ledger = try session.execute(ReadLedger()).first else {
      throw SchemaProblem.withoutLedger
    }
    // It may wait for a standby.
    session.liftResponseTimeout()
    try session.commit()
    return Outcome(ledger: ledger.identity, endedSessions: Int(ended))
  }
}

struct BeginEpoch: PostgresStatement {
  static let sql = "SELECT trust_budget.begin_epoch($1)"
  static let parameterTypes: [PostgresType] = [.text]

  let reason: String

  func bind(_ parameters: inout PostgresParameters) { parameters.append(reason) }

  static func decode(_ row: inout PostgresRow) throws -> Int64 { try row.next(Int64.self) }
}

/// Whether there is a trail, or nothing that it could tell of.
struct HasTrail: PostgresStatement {
  static let sql = """
    SELECT EXISTS (SELECT FROM trust_budget.audit_entries)
        OR NOT EXISTS (SELECT FROM trust_budget.budgets WHERE last_seq > 0)
    """

  static func decode(_ row: inout PostgresRow) throws -> Bool { try row.next(Bool.self) }
}

/// Ends the sessions that nodes have open, as far as the role may.
struct EndNodeSessions: PostgresStatement {
  static let sql = """
    SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND application_name LIKE 'trust-budget %'
      AND (pg_has_role(usesysid, 'MEMBER') OR pg_has_role('pg_signal_backend', 'MEMBER'))
    """

  static func decode(_ row: inout PostgresRow) throws -> Int64 { try row.next(Int64.self) }
}
