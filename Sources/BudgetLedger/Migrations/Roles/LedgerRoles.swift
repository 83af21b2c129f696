import LibPQ

/// The database roles that use a ledger, besides the owner who migrates it.
package struct LedgerRoles: Hashable, Sendable {
  /// What `trust-budget serve` connects as.
  package var service: String?
  /// What auditors connect as.
  package var auditor: String?

  package init(service: String? = nil, auditor: String? = nil) {
    self.service = service
    self.auditor = auditor
  }

  var isEmpty: Bool { service == nil && auditor == nil }

  /// Gives both roles what they need, and takes from them what they need not, in one transaction.
  ///
  /// - Throws: `MigrationError.badRole` for a role that does not exist, or that no grant could hold
  ///   back.
  func grant(on session: PostgresSession) throws {
    _ = try session.execute(BeginTransaction())
    for (role, grants, excess) in [
      (service, LedgerGrants.service, FindExcessRights.ofService),
      (auditor, LedgerGrants.auditor, FindExcessRights.ofAuditor),
    ] {
      guard let role else { continue }
      try LedgerRoles.check(role, on: session)
      for statement in try session.execute(RenderGrants(templates: grants, role: role)) {
        try session.query(statement)
      }
      let rest = try session.execute(excess(role))
      guard rest.isEmpty else {
        throw MigrationError.badRole(
          "The role \"\(role)\" would keep more than it needs: \(rest.joined(separator: "; ")). "
            + "Nothing was granted. Revoke that, or use another one")
      }
    }
    try session.commit()
  }

  private static func check(_ role: String, on session: PostgresSession) throws {
    guard let found = try session.execute(FindRole(role: role)).first else {
      throw MigrationError.badRole(
        "There is no role \"\(role)\". Create it first: CREATE ROLE \"\(role)\" LOGIN")
    }
    if found.isSuperuser {
      throw MigrationError.badRole(
        "The role \"\(role)\" is a superuser, or is a member of one: no grant could hold it back. "
          + "Use another one")
    }
    if found.createsRoles {
      throw MigrationError.badRole(
        "The role \"\(role)\" may create roles, or is a member of one that may, and up to PostgreSQL 15 "
          + "grant itself any that is no superuser's: the owner's, too. Use another one, or: "
          + "ALTER ROLE \"\(role)\" NOCREATEROLE"
      )
    }
    if found.replicates {
      throw MigrationError.badRole(
        "The role \"\(role)\" may replicate, or is a member of one that may: it can copy every database of the "
          + "server, and have it keep its log until the disk is full. Use another one, or: "
          + "ALTER ROLE \"\(role)\" NOREPLICATION")
    }
    if found.ownsDatabase {
      throw MigrationError.badRole(
        "The role \"\(role)\" owns the database, or is a member of the role that does, and may drop it: no "
          + "grant could hold it back. Use another one")
    }
    if found.ownsSchema {
      throw MigrationError.badRole(
        "The role \"\(role)\" owns the schema trust_budget or what is in it, or is a member of the role "
          + "that does: no grant could hold it back. Use another one")
    }
    if let other = found.mightyRole {
      throw MigrationError.badRole(
        "The role \"\(role)\" is a member of \(other): no grant could hold it back. Use another one"
      )
    }
  }
}

struct FindRole: PostgresStatement {
  /// What a role is, or may become: `SET ROLE` to one that it is a member of.
  struct Role: Sendable {
    let isSuperuser: Bool
    let createsRoles: Bool
    let replicates: Bool
    let ownsDatabase: Bool
    let ownsSchema: Bool
    /// One of PostgreSQL's own roles that it is a member of, and by which it may write anything.
    let mightyRole: String?
  }

  static let sql = """
    SELECT EXISTS (SELECT FROM pg_roles AS s
                   WHERE s.rolsuper AND pg_has_role(r.oid, s.oid, 'MEMBER')),
           EXISTS (SELECT FROM pg_roles AS s
                   WHERE s.rolcreaterole AND pg_has_role(r.oid, s.oid, 'MEMBER')),
           EXISTS (SELECT FROM pg_roles AS s
                   WHERE s.rolreplication AND pg_has_role(r.oid, s.oid, 'MEMBER')),
           pg_has_role(r.oid, d.datdba, 'MEMBER'),
           pg_has_role(r.oid, n.nspowner, 'MEMBER')
             OR EXISTS (SELECT FROM pg_class AS c
                        WHERE c.relnamespace = n.oid AND pg_has_role(r.oid, c.relowner, 'MEMBER'))
             OR EXISTS (SELECT FROM pg_proc AS p
                        WHERE p.pronamespace = n.oid AND pg_has_role(r.oid, p.proowner, 'MEMBER')),
           (SELECT min(m.rolname) FROM pg_roles AS m
            WHERE m.rolname IN ('pg_write_all_data', 'pg_execute_server_program', 'pg_write_server_files')
              AND pg_has_role(r.oid, m.oid, 'MEMBER'))
    FROM pg_roles AS r, pg_namespace AS n, pg_database AS d
    WHERE r.rolname = $1 AND n.nspname = 'trust_budget' AND d.datname = current_database()
    """
  static let parameterTypes: [PostgresType] = [.text]

  let role: String

  func bind(_ parameters: inout PostgresParameters) { parameters.append(role) }

  static func decode(_ row: inout PostgresRow) throws -> Role {
    Role(
      isSuperuser: try row.next(Bool.self), createsRoles: try row.next(Bool.self),
      replicates: try row.next(Bool.self), ownsDatabase: try row.next(Bool.self),
      ownsSchema: try row.next(Bool.self), mightyRole: try row.next(String?.self))
  }
}

/// Puts a role's name into statements, quoted by the server.
struct RenderGrants: PostgresStatement {
  static let sql = """
    SELECT format(template, $2) FROM unnest($1) WITH ORDINALITY AS t (template, place) ORDER BY place
    """
  static let parameterTypes: [PostgresType] = [.textArray, .text]

  let templates: [String]
  let role: String

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(templates)
    parameters.append(role)
  }

  static func decode(_ row: inout PostgresRow) throws -> String { try row.next(String.self) }
}
