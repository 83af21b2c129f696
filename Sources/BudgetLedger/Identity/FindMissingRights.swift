import LibPQ

/// What a role may not do with some of the ledger's tables, of all that a node does.
struct FindMissingRights: PostgresStatement {
  struct Found: Sendable {
    let role: String
    /// For people: `INSERT on trust_budget.audit_entries`.
    let rights: [String]
  }

  // A right that lacks one column is as good as none.
  static let sql = """
    SELECT current_user::text,
           coalesce(array_agg(DISTINCT privilege || ' on trust_budget.' || table_name), '{}')
    FROM (VALUES \(needed)) AS needed (privilege, columns, table_name),
         regexp_split_to_table(columns, ', ') AS column_name
    WHERE table_name = ANY ($1)
      AND NOT CASE WHEN columns = '' THEN has_table_privilege('trust_budget.' || table_name, privilege)
                   ELSE has_column_privilege('trust_budget.' || table_name, column_name, privilege)
              END
    """
  static let parameterTypes: [PostgresType] = [.textArray]

  /// What a node reads and writes, as rows.
  private static var needed: String {
    let read = LedgerGrants.read.map { "('SELECT', '', '\($0)')" }
    let written = LedgerGrants.written.map { "('\($0.right)', '\($0.columns)', '\($0.table)')" }
    return (read + written).joined(separator: ", ")
  }

  let tables: [String]

  /// What charging needs.
  static let forCharges = FindMissingRights(tables: ["audit_entries", "budgets"])
  static let forEverything = FindMissingRights(tables: LedgerGrants.read)

  func bind(_ parameters: inout PostgresParameters) { parameters.append(tables) }

  static func decode(_ row: inout PostgresRow) throws -> Found {
    Found(role: try row.next(String.self), rights: try row.next([String].self))
  }
}

extension FindMissingRights {
  /// - Throws: `SchemaProblem.forbidden`, or `PostgresError`.
  static func checkCharges(on session: PostgresSession) throws {
    let missing = try session.executeOne(forCharges)
    guard missing.rights.isEmpty else {
      throw SchemaProblem.forbidden(role: missing.role, rights: missing.rights)
    }
  }
}
