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
  /// The ledger, or why nodes would not work on it; nil on a standby, which cannot be asked for it.
  package let schema: Result<LedgerIdentity, SchemaProblem>?
  package let transport: PostgresTransport

  /// - Throws: `PostgresError` when the server cannot be reached or asked.
  package static func read(connectionString: String) async throws -> LedgerCheckup {
    let configuration = try PostgresConfiguration(
      command: "doctor", connectionString, isReadOnly: true)
    return try await PostgresConnection.with(configuration) { connection in
      try await connection.run { try LedgerCheckup(on: $0) }
    }
  }

  private init(on session: PostgresSession) throws {
    let server = try session.executeOne(ReadServer())
    serverVersion = server.version
    serverVersionNumber = server.number
    role = server.role
    isSuperuser = server.isSuperuser
    isInRecovery = server.isInRecovery
    synchronousCommit = server.synchronousCommit
    freeConnections = server.freeConnections
    transport = session.transport
    horizonHolder = try session.execute(FindHorizonHolder()).first
    do {
      schema =
        isInRecovery ? nil : .success(try SchemaCheck.embedded.ledger(on: session).identity)
    } catch let problem as SchemaProblem {
      schema = .failure(problem)
    }
    rights = if case .success = schema { try LedgerRights(of: role, on: session) } else { nil }
    now = try session.executeOne(ReadClock())
  }
}

/// What the role may do with the ledger.
package struct LedgerRights: Hashable, Sendable {
  /// What a node needs and it may not do: `INSERT on trust_budget.audit_entries`.
  package let missing: [String]
  /// What no node needs, and it may do: `UPDATE on trust_budget.audit_entries, as everybody has`.
  package let excess: [String]
  /// It owns the schema or what is in it, or may write anything: no grant holds it back.
  package let canRewrite: Bool
  /// It may become a superuser, or make itself a member of other roles.
  package let canBecomeOthers: Bool
  /// It may have the chains verified, which is an auditor's to do and not a node's.
  package let canVerify: Bool

  fileprivate init(of role: String, on session: PostgresSession) throws {
    missing = try session.executeOne(FindMissingRights.forEverything).rights
    excess = try session.execute(FindExcessRights.ofService(role))
    let found = try session.execute(FindRole(role: role)).first
    canRewrite = found.map { $0.ownsSchema || $0.mightyRole != nil } ?? false
    canBecomeOthers = found.map { $0.isSuperuser || $0.createsRoles } ?? false
    canVerify = try session.executeOne(MayVerify())
  }
}

private struct MayVerify: PostgresStatement {
  static let sql = "SELECT has_function_privilege('trust_budget.verify_all_budgets()', 'EXECUTE')"

  static func decode(_ row: inout PostgresRow) throws -> Bool { try row.next(Bool.self) }
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
