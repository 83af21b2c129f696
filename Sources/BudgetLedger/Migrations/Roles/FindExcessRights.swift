import LibPQ

/// What a role may change in the ledger's schema beyond what it is given: by grants to PUBLIC, by another
/// role that it may become, or by somebody else than the owner.
struct FindExcessRights: PostgresStatement {
  // A right to a whole table is one to each of its columns.
  static let sql = """
    WITH schema AS (SELECT oid FROM pg_namespace WHERE nspname = 'trust_budget'),
         role AS (SELECT oid, rolname, rolname = $1 AS is_itself FROM pg_roles
                  WHERE pg_has_role($1::name, oid, 'MEMBER') AND NOT rolsuper),
         relation AS (SELECT oid, relname, relkind FROM pg_class
                      WHERE relnamespace = (SELECT oid FROM schema)),
         excess (right_name, is_public, role, is_itself) AS (
           SELECT format('%s on trust_budget.%I', privilege, relname),
                  has_table_privilege('public', relation.oid, privilege), rolname, is_itself
           FROM role, relation, unnest('{DELETE, TRUNCATE, TRIGGER}'::text[]) AS privilege
           WHERE relkind IN ('r', 'p', 'v') AND has_table_privilege(role.oid, relation.oid, privilege)
           UNION ALL
           SELECT format('%s on trust_budget.%I', privilege, relname),
                  has_column_privilege('public', relation.oid, attnum, privilege), rolname, is_itself
           FROM role, relation, pg_attribute, unnest('{INSERT, UPDATE}'::text[]) AS privilege
           WHERE relkind IN ('r', 'p', 'v') AND attrelid = relation.oid
             AND attnum > 0 AND NOT attisdropped
             AND has_column_privilege(role.oid, relation.oid, attnum, privilege)
             AND NOT format('%s %s.%s', privilege, relname, attname) = ANY ($2)
           UNION ALL
           SELECT format('%s on trust_budget.%I', privilege, relname),
                  has_sequence_privilege('public', relation.oid, privilege), rolname, is_itself
           FROM role, relation, unnest('{USAGE, UPDATE}'::text[]) AS privilege
           WHERE relkind = 'S' AND has_sequence_privilege(role.oid, relation.oid, privilege)
           UNION ALL
           SELECT 'CREATE on the schema trust_budget',
                  has_schema_privilege('public', schema.oid, 'CREATE'), rolname, is_itself
           FROM role, schema
           WHERE has_schema_privilege(role.oid, schema.oid, 'CREATE')
         )
    SELECT right_name
           || CASE WHEN bool_or(is_public) THEN ', as everybody has'
                   ELSE coalesce(', as a member of ' || min(role) FILTER (WHERE NOT is_itself), '')
              END
    FROM excess
    GROUP BY right_name
    ORDER BY right_name
    """
  static let parameterTypes: [PostgresType] = [.text, .textArray]

  let role: String
  /// What it may do all the same: `INSERT audit_entries.hash`.
  let given: [String]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(role)
    parameters.append(given)
  }

  /// For people: `UPDATE on trust_budget.audit_entries, as everybody has`.
  static func decode(_ row: inout PostgresRow) throws -> String { try row.next(String.self) }

  /// Of a node's role.
  static func ofService(_ role: String) -> FindExcessRights {
    FindExcessRights(
      role: role,
      given: LedgerGrants.written.flatMap { right, columns, table in
        columns.split(separator: ", ").map { "\(right) \(table).\($0)" }
      })
  }

  /// Of one that only reads.
  static func ofAuditor(_ role: String) -> FindExcessRights {
    FindExcessRights(role: role, given: [])
  }
}
