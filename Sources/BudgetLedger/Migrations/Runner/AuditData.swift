import LibPQ

/// The tables of the schema that hold what nobody may lose by accident: the append-only ones, and the
/// tokens, without which no caller is let in.
///
/// Which tables are append-only, PostgreSQL's catalogue says: those on which a trigger refuses changes. And
/// whether something is lost is looked at when it is gone, within the transaction; so no migration
/// can forget to declare it.
struct AuditData: Sendable {
  private let tables: [GuardedTable]

  static func read(on session: PostgresSession) throws -> AuditData {
    AuditData(
      tables: try session.execute(ReadGuardedTables()).filter { try hasRows($0, on: session) })
  }

  /// The tables that are gone since, or have lost a column or all their rows.
  func lost(on session: PostgresSession) throws -> [String] {
    let now = try session.execute(ReadTableColumns(tables: tables.map(\.id)))
    let columns = Dictionary(now, uniquingKeysWith: { $0.union($1) })
    return try tables.filter { table in
      guard columns[table.id]?.isSuperset(of: table.columns) == true else { return true }
      return try !AuditData.hasRows(table, on: session)
    }.map(\.quotedName)
  }

  private static func hasRows(_ table: GuardedTable, on session: PostgresSession) throws -> Bool {
    // The name was quoted by the server.
    try session.query("SELECT EXISTS (SELECT FROM \(table.quotedName))").rows.first?.first == "t"
  }
}

struct GuardedTable: Sendable {
  let id: Int64
  let quotedName: String
  let columns: Set<String>
}

struct ReadGuardedTables: PostgresStatement {
  static let sql = """
    SELECT c.oid::bigint, format('%I.%I', 'trust_budget', c.relname),
           array(SELECT attname::text FROM pg_attribute
                 WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)
    FROM pg_class AS c
    WHERE c.relnamespace = to_regnamespace('trust_budget') AND c.relkind IN ('r', 'p')
      AND (c.relname = 'api_tokens'
           OR EXISTS (SELECT FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
                      WHERE t.tgrelid = c.oid AND p.proname = 'refuse_change'
                        AND p.pronamespace = c.relnamespace))
    ORDER BY c.relname
    """

  static func decode(_ row: inout PostgresRow) throws -> GuardedTable {
    GuardedTable(
      id: try row.next(Int64.self), quotedName: try row.next(String.self),
      columns: Set(try row.next([String].self)))
  }
}

struct ReadTableColumns: PostgresStatement {
  static let sql = """
    SELECT attrelid::bigint, array_agg(attname::text) FROM pg_attribute
    WHERE attrelid::bigint = ANY ($1) AND attnum > 0 AND NOT attisdropped
    GROUP BY attrelid
    """
  static let parameterTypes: [PostgresType] = [.int8Array]

  let tables: [Int64]

  func bind(_ parameters: inout PostgresParameters) { parameters.append(tables) }

  static func decode(_ row: inout PostgresRow) throws -> (Int64, Set<String>) {
    (try row.next(Int64.self), Set(try row.next([String].self)))
  }
}
