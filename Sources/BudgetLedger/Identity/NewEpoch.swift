import LibPQ
import TrustBudget

/// The owner's word that a ledger goes on after a restore, or after a failover that lost entries.
package struct NewEpoch: Sendable {
  private let connectionString: String
  private let reason: String
  private let lockTimeout: Duration

  /// - Parameters:
  ///   - reason: why, for `ledger_history`.
  ///   - lockTimeout: how long to wait for the batches that are under way.
  package init(connectionString: String, reason: String, lockTimeout: Duration = .seconds(10)) {
    self.connectionString = connectionString
    self.reason = reason
    self.lockTimeout = lockTimeout
  }

  /// What came of it.
  package struct Result: Hashable, Sendable {
    package let ledger: LedgerIdentity
    /// Sessions of nodes that were ended, so that they come back in the new epoch.
    package let endedSessions: Int
  }

  /// Begins the next epoch, in one transaction.
  ///
  /// - Throws: `PostgresError`: `insufficient_privilege` for a role that does not own the ledger.
  package func begin() async throws -> Result {
    var configuration = try PostgresConfiguration(command: "ledger", connectionString)
    configuration.lockTimeout = lockTimeout
    configuration.requirePrimary()
    let reason = reason
    return try await PostgresConnection.with(configuration) { connection in
      try await connection.run(onTaskCancellation: .ignore) { session in
        _ = try session.execute(BeginTransaction())
        _ = try session.execute(BeginEpoch(reason: reason))
        // Before the commit: whoever comes back waits for it, and finds the new epoch.
        let ended = try session.execute(EndNodeSessions()).first ?? 0
        guard let ledger = try session.execute(ReadLedger()).first else {
          throw SchemaProblem.withoutLedger
        }
        try session.commit()
        return Result(ledger: ledger, endedSessions: Int(ended))
      }
    }
  }
}

struct BeginEpoch: PostgresStatement {
  static let name: String? = nil
  static let sql = "SELECT trust_budget.begin_epoch($1)"
  static let parameterTypes: [PostgresType] = [.text]

  let reason: String

  func bind(_ parameters: inout PostgresParameters) { parameters.append(reason) }

  static func decode(_ row: inout PostgresRow) throws -> Int64 { try row.next(Int64.self) }
}

/// Ends the sessions that nodes have open, as far as the role may.
struct EndNodeSessions: PostgresStatement {
  static let name: String? = nil
  static let sql = """
    SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND application_name LIKE 'trust-budget %'
      AND (pg_has_role(usesysid, 'MEMBER') OR pg_has_role('pg_signal_backend', 'MEMBER'))
    """

  static func decode(_ row: inout PostgresRow) throws -> Int64 { try row.next(Int64.self) }
}
