import LibPQ
import TrustBudget

/// What somebody wants to know of a ledger's PostgreSQL before, or when, something is wrong.
package struct LedgerCheckup: Sendable {
  /// For example `15.20 (Debian …)`.
  package let serverVersion: String
  /// For example 150020.
  package let serverVersionNumber: Int64
  package let role: String
  package let isSuperuser: Bool
  package let isInRecovery: Bool
  package let synchronousCommit: String
  package let freeConnections: Int64
  /// The server's clock.
  package let now: Timestamp
  /// Who has the oldest transaction that may still write; nil: nobody.
  package let horizonHolder: HorizonHolder?
  package let rights: LedgerRights?
  /// The ledger, or why nodes would not work on it.
  package let schema: Result<LedgerIdentity, SchemaProblem>

  /// - Throws: `PostgresError` when the server cannot be reached or asked.
  package static func read(connectionString: String) async throws -> LedgerCheckup {
    var configuration = try PostgresConfiguration(
      command: "doctor", connectionString, isReadOnly: true)
    configuration.statementTimeout = .seconds(10)
    return try await PostgresConnection.with(configuration) { connection in
      try await connection.run { try LedgerCheckup(on: $0) }
    }
  }

  private init(on session: PostgresSession) throws {
    guard let server = try session.execute(ReadServer()).first else {
      throw SchemaProblem.withoutLedger
    }
    serverVersion = server.version
    serverVersionNumber = server.number
    role = server.role
    isSuperuser = server.isSuperuser
    isInRecovery = server.isInRecovery
    synchronousCommit = server.synchronousCommit
    freeConnections = server.freeConnections
    horizonHolder = try session.execute(FindHorizonHolder()).first
    do {
      schema = .success(try SchemaCheck.embedded.ledgerIdentity(on: session))
    } catch let problem as SchemaProblem {
      schema = .failure(problem)
    }
    rights = if case .success = schema { try session.execute(ReadRights()).first } else { nil }
    guard let clock = try session.execute(ReadClock()).first else {
      throw SchemaProblem.withoutLedger
    }
    now = clock
  }
}

/// What the role may do with the ledger.
package struct LedgerRights: Hashable, Sendable {
  /// All that a node needs.
  package let canServe: Bool
  /// It may change or delete entries, or lift what forbids it.
  package let canRewrite: Bool
}

private struct ReadServer: PostgresStatement {
  struct Server: Sendable {
    let version: String
    let number: Int64
    let role: String
    let isSuperuser: Bool
    let isInRecovery: Bool
    let synchronousCommit: String
    let freeConnections: Int64
  }

  static let name: String? = nil
  static let sql = """
    SELECT current_setting('server_version'), current_setting('server_version_num')::bigint,
           current_user::text, current_setting('is_superuser') = 'on', pg_is_in_recovery(),
           current_setting('synchronous_commit'),
           current_setting('max_connections')::bigint
             - current_setting('superuser_reserved_connections')::bigint
             - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
    """

  static func decode(_ row: inout PostgresRow) throws -> Server {
    Server(
      version: try row.next(String.self), number: try row.next(Int64.self),
      role: try row.next(String.self), isSuperuser: try row.next(Bool.self),
      isInRecovery: try row.next(Bool.self), synchronousCommit: try row.next(String.self),
      freeConnections: try row.next(Int64.self))
  }
}

private struct ReadRights: PostgresStatement {
  static let name: String? = nil
  static let sql = """
    SELECT has_table_privilege('trust_budget.budgets', 'SELECT')
             AND has_table_privilege('trust_budget.audit_entries', 'SELECT')
             AND has_table_privilege('trust_budget.break_glass_events', 'SELECT')
             AND has_table_privilege('trust_budget.api_tokens', 'SELECT')
             AND (SELECT bool_and(has_column_privilege('trust_budget.' || table_name, column_name,
                                                       privilege))
                  FROM (VALUES \(written)) AS written (privilege, columns, table_name),
                       regexp_split_to_table(columns, ', ') AS column_name),
           has_table_privilege('trust_budget.audit_entries', 'UPDATE')
             OR has_table_privilege('trust_budget.audit_entries', 'DELETE')
             OR has_table_privilege('trust_budget.audit_entries', 'TRUNCATE')
             OR pg_has_role((SELECT nspowner FROM pg_namespace WHERE nspname = 'trust_budget'),
                            'MEMBER')
    """

  /// What a node writes, as rows; a right that lacks one column is as good as none.
  private static var written: String {
    LedgerGrants.written.map { "('\($0.right)', '\($0.columns)', '\($0.table)')" }
      .joined(separator: ", ")
  }

  static func decode(_ row: inout PostgresRow) throws -> LedgerRights {
    LedgerRights(canServe: try row.next(Bool.self), canRewrite: try row.next(Bool.self))
  }
}
