import LibPQ
import TrustBudget

/// Whether a session leads to a ledger that this program can work on.
package struct SchemaCheck: Sendable {
  /// The newest migration that the program knows.
  let known: Int64
  /// The oldest schema that it can work with: it was written for the newest, less what is optional.
  let needed: Int64

  init(_ migrations: [Migration] = Migrations.embedded) {
    known = migrations.last?.version ?? 0
    needed = migrations.last { !$0.directives.isOptional }?.version ?? 0
  }

  package static let embedded = SchemaCheck()

  /// - Parameter seen: entries that this node has seen committed.
  /// - Throws: `SchemaProblem`, or `PostgresError`.
  func ledger(on session: PostgresSession, seen: [TrailHead] = []) throws -> FoundLedger {
    try checkVersion(on: session)
    return try ServerCheck(seen: seen).ledger(on: session)
  }

  /// Whether the schema is one that this program knows, on whatever server.
  ///
  /// - Throws: `SchemaProblem`, or `PostgresError`.
  package func checkVersion(on session: PostgresSession) throws {
    guard try session.executeOne(FindHistoryTable()) else { throw SchemaProblem.missing }
    try SchemaOwner.check(on: session)
    // A script of migrations may have been run anywhere.
    if let encoding = session.unfitEncoding { throw SchemaProblem.unfitEncoding(encoding) }
    try check(try session.execute(readVersion).first)
  }

  /// What ``check(_:)`` takes, for those who ask again in a session that has found the schema.
  package var readVersion: ReadSchemaVersion { ReadSchemaVersion(known: known) }

  /// - Throws: `SchemaProblem`.
  package func check(_ found: ReadSchemaVersion.Version?) throws(SchemaProblem) {
    let newest = found?.newest ?? 0
    guard newest >= needed else { throw SchemaProblem.old(found: newest, needed: needed) }
    guard found?.compatibleWith ?? 0 <= known else {
      throw SchemaProblem.new(found: newest, known: known)
    }
  }
}

/// What the history says to a program of a certain age.
package struct ReadSchemaVersion: PostgresStatement {
  package struct Version: Sendable {
    /// nil: nothing was applied.
    let newest: Int64?
    /// What a program must know to work with all the migrations that this one does not know; nil:
    /// there are none.
    let compatibleWith: Int64?
  }

  package static let name: String? = "read_schema_version"
  // A migration that was begun and not finished is not there for those who need it, and is there
  // for those who could not work with it.
  package static let sql = """
    SELECT max(version) FILTER (WHERE applied_at IS NOT NULL),
           max(coalesce(compatible_with, version)) FILTER (WHERE version > $1)
    FROM trust_budget.schema_migrations
    """
  package static let parameterTypes: [PostgresType] = [.int8]

  let known: Int64

  package func bind(_ parameters: inout PostgresParameters) { parameters.append(known) }

  package static func decode(_ row: inout PostgresRow) throws -> Version {
    Version(newest: try row.next(Int64?.self), compatibleWith: try row.next(Int64?.self))
  }
}
