import LibPQ
import TrustBudget

/// What somebody wants to know of a ledger's PostgreSQL before, or when, something is wrong.
package struct LedgerCheckup: Sendable {
  /// For example `15.20 (Debian …)`.
  package let serverVersion: String
  /// For example 150020.
  package let serverVersionNumber: Int64
  package let role: String
  /// The role that logs in: another one where it takes on `role` by itself (`ALTER ROLE … SET role`).
  package let loginRole: String
  package let isSuperuser: Bool
  package let isInRecovery: Bool
  package let synchronousCommit: String
  package let freeConnections: FreeConnections
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
    loginRole = server.loginRole
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
    rights =
      if case .success = schema { try LedgerRights(of: role, login: loginRole, on: session) } else {
        nil
      }
    now = try session.executeOne(ReadClock())
  }
}

/// What the role may do with the ledger.
package struct LedgerRights: Hashable, Sendable {
  /// What a node needs and it may not do: `INSERT on trust_budget.audit_entries`.
  package let missing: [String]
  /// What no node needs, and it may do: `UPDATE on trust_budget.audit_entries, as everybody has`.
  package let excess: [String]
  /// It owns the database, the schema or what is in it, or may write anything: no grant holds it back.
  package let canRewrite: Bool
  /// It may become a superuser, or make itself a member of other roles.
  package let canBecomeOthers: Bool
  /// It may copy the whole server, and have it keep its log.
  package let canReplicate: Bool
  /// It may have the chains verified, which is an auditor's to do and not a node's.
  package let canVerify: Bool

  fileprivate init(of role: String, login: String, on session: PostgresSession) throws {
    missing = try session.executeOne(FindMissingRights.forEverything).rights
    excess = try session.execute(FindExcessRights.ofService(role))
    // RESET ROLE makes it again what it is.
    let found = try session.execute(FindRole(role: login)).first
    canRewrite = found.map { $0.ownsDatabase || $0.ownsSchema || $0.mightyRole != nil } ?? false
    canBecomeOthers = found.map { $0.isSuperuser || $0.createsRoles } ?? false
    canReplicate = found?.replicates ?? false
    canVerify = try session.executeOne(MayVerify())
  }
}

/// How many more sessions the role could have, by what allows the fewest.
package struct FreeConnections: Hashable, Sendable {
  package enum Limit: Sendable {
    /// `max_connections` of the server.
    case server
    /// `CONNECTION LIMIT` of the role that logs in.
    case role
    /// `CONNECTION LIMIT` of the database.
    case database
  }

  package let count: Int64
  package let limit: Limit

  fileprivate init(ofServer server: Int64, role: Int64?, database: Int64?) {
    let all =
      [(server, Limit.server)]
      + [(role, .role), (database, .database)].compactMap {
        count, limit in count.map { ($0, limit) }
      }
    (count, limit) = all.min { $0.0 < $1.0 } ?? (server, .server)
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
    let loginRole: String
    let isSuperuser: Bool
    let isInRecovery: Bool
    let synchronousCommit: String
    let freeConnections: FreeConnections
  }

  // Of others' sessions a role may not see what kind they are; those that have a role and a database are clients'.
  static let sql = """
    WITH client AS (
      SELECT usesysid, datid FROM pg_stat_activity
      WHERE backend_type = 'client backend'
         OR backend_type IS NULL AND usesysid IS NOT NULL AND datid IS NOT NULL
    )
    SELECT current_setting('server_version'), current_setting('server_version_num')::bigint,
           current_user::text, session_user::text, l.rolsuper OR c.rolsuper, pg_is_in_recovery(),
           current_setting('synchronous_commit'),
           current_setting('max_connections')::bigint
             - current_setting('superuser_reserved_connections')::bigint
             - coalesce(current_setting('reserved_connections', true)::bigint, 0)  -- PostgreSQL 16
             - (SELECT count(*) FROM client),
           CASE WHEN l.rolconnlimit >= 0 AND NOT l.rolsuper
                THEN l.rolconnlimit - (SELECT count(*) FROM client WHERE usesysid = l.oid) END,
           CASE WHEN d.datconnlimit >= 0 AND NOT l.rolsuper
                THEN d.datconnlimit - (SELECT count(*) FROM client WHERE datid = d.oid) END
    FROM pg_roles AS l, pg_roles AS c, pg_database AS d
    WHERE l.rolname = session_user AND c.rolname = current_user AND d.datname = current_database()
    """

  static func decode(_ row: inout PostgresRow) throws -> Server {
    Server(
      version: try row.next(String.self), number: try row.next(Int64.self),
      role: try row.next(String.self), loginRole: try row.next(String.self),
      isSuperuser: try row.next(Bool.self), isInRecovery: try row.next(Bool.self),
      synchronousCommit: try row.next(String.self),
      freeConnections: FreeConnections(
        ofServer: try row.next(Int64.self), role: try row.next(Int64?.self),
        database: try row.next(Int64?.self)))
  }
}
