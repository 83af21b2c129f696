import LibPQ

/// Whether a session may use what is in the schema, by those to whom schema and history belong.
///
/// The owner of a table puts a trigger on it, or a view in its place, and what that calls runs with the rights of
/// whoever uses it. `SET ROLE` would keep nothing back: what is called may say `RESET ROLE`. So a session
/// that has more rights than a node's or an auditor's touches nothing of a stranger's. Trusted are owners that have
/// as many rights themselves, and the role that the session was told to take (`-c role=owner`). Membership in a role
/// shows no trust: whoever administers the role can make anybody a member.
enum SchemaOwner {
  /// Before a session reads anything in the schema: may it become a superuser, or the database's owner?
  ///
  /// - Parameter isMigrating: whether any session that may make schemas is asked: this one may have been made before
  ///   it could, as a trap.
  /// - Throws: `SchemaProblem.foreignOwner`, or `PostgresError`.
  static func check(on session: PostgresSession, isMigrating: Bool = false) throws {
    let found = try session.execute(FindForeignOwner(isMigrating: isMigrating)).first
    guard let found else { return }
    throw SchemaProblem.foreignOwner(found.owner, login: found.login)
  }

  /// The same for a session that is kept, and so must not find a schema that is made later.
  ///
  /// - Throws: `SchemaProblem.missing` as well.
  static func checkExisting(on session: PostgresSession) throws {
    guard try session.executeOne(FindHistoryTable()) else { throw SchemaProblem.missing }
    try check(on: session)
  }
}

/// A role that the session must not trust, and to which the schema or its history belongs.
struct FindForeignOwner: PostgresStatement {
  static let sql = """
    WITH owner (id) AS (
        SELECT nspowner FROM pg_namespace WHERE nspname = 'trust_budget'
        UNION
        SELECT relowner FROM pg_class
        WHERE relname = 'schema_migrations' AND relnamespace = to_regnamespace('trust_budget')
    ), login AS (
        SELECT oid, rolname, EXISTS (SELECT FROM pg_roles AS s
                                     WHERE s.rolsuper AND pg_has_role(l.oid, s.oid, 'MEMBER')) AS is_super
        FROM pg_roles AS l WHERE rolname = session_user
    )
    SELECT o.rolname::text, l.rolname::text
    FROM owner JOIN pg_roles AS o ON o.oid = owner.id, login AS l, pg_database AS d
    WHERE d.datname = current_database()
      AND (l.is_super OR pg_has_role(l.oid, d.datdba, 'MEMBER')
           OR $1 AND has_database_privilege(l.oid, d.oid, 'CREATE'))
      AND NOT (o.rolsuper OR o.oid = l.oid OR o.rolname IN (current_user, 'pg_database_owner')
               OR pg_has_role(o.oid, d.datdba, 'MEMBER'))
    ORDER BY o.rolname
    """
  static let parameterTypes: [PostgresType] = [.bool]

  let isMigrating: Bool

  func bind(_ parameters: inout PostgresParameters) { parameters.append(isMigrating) }

  static func decode(_ row: inout PostgresRow) throws -> (owner: String, login: String) {
    (try row.next(String.self), try row.next(String.self))
  }
}
