import LibPQ
import TrustBudget

struct FindSchema: PostgresStatement {
  static let sql = "SELECT to_regnamespace('trust_budget') IS NOT NULL"
  static func decode(_ row: inout PostgresRow) throws -> Bool { try row.next(Bool.self) }
}

struct FindHistoryTable: PostgresStatement {
  static let sql = "SELECT to_regclass('trust_budget.schema_migrations') IS NOT NULL"
  static func decode(_ row: inout PostgresRow) throws -> Bool { try row.next(Bool.self) }
}

struct ReadHistory: PostgresStatement {
  static let sql = """
    SELECT version, name, checksum, coalesce(compatible_with, version), applied_at, program_version
    FROM trust_budget.schema_migrations ORDER BY version
    """

  static func decode(_ row: inout PostgresRow) throws -> AppliedMigration {
    AppliedMigration(
      version: try row.next(Int64.self), name: try row.next(String.self),
      checksum: try row.next(Digest.self),
      compatibleWith: try row.next(Int64.self),
      appliedAt: try row.next(PostgresTimestamp?.self).map(Timestamp.init(nearest:)),
      programVersion: try row.next(String.self))
  }
}

/// Records that a migration was begun or, in its own transaction, applied.
struct RecordMigration: PostgresStatement {
  typealias Row = Void

  static let sql = """
    INSERT INTO trust_budget.schema_migrations
           (version, name, checksum, compatible_with, started_at, applied_at, program_version)
    VALUES ($1, $2, $3, $4, now(), CASE WHEN $5 THEN clock_timestamp() END, $6)
    """
  static let parameterTypes: [PostgresType] = [.int8, .text, .bytea, .int8, .bool, .text]

  let migration: Migration
  let isDone: Bool

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(migration.version)
    parameters.append(migration.name)
    parameters.append(migration.checksum)
    parameters.append(migration.compatibleWith)
    parameters.append(isDone)
    parameters.append(ProductVersion.current)
  }
}

/// Records that a migration outside a transaction has ended.
struct FinishMigration: PostgresStatement {
  typealias Row = Void

  static let sql = """
    UPDATE trust_budget.schema_migrations SET applied_at = clock_timestamp() WHERE version = $1
    """
  static let parameterTypes: [PostgresType] = [.int8]

  let version: Int64

  func bind(_ parameters: inout PostgresParameters) { parameters.append(version) }
}

struct RemoveMigration: PostgresStatement {
  typealias Row = Void

  static let sql = "DELETE FROM trust_budget.schema_migrations WHERE version = $1"
  static let parameterTypes: [PostgresType] = [.int8]

  let version: Int64

  func bind(_ parameters: inout PostgresParameters) { parameters.append(version) }
}

/// Puts what a file says now in the place of what was applied.
struct RepairMigration: PostgresStatement {
  typealias Row = Void

  static let sql = """
    UPDATE trust_budget.schema_migrations
    SET name = $2, checksum = $3, compatible_with = $4 WHERE version = $1
    """
  static let parameterTypes: [PostgresType] = [.int8, .text, .bytea, .int8]

  let migration: Migration

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(migration.version)
    parameters.append(migration.name)
    parameters.append(migration.checksum)
    parameters.append(migration.compatibleWith)
  }
}

struct RecordEvent: PostgresStatement {
  typealias Row = Void

  enum Action: String, Sendable {
    case applied, reverted, repaired, baselined
  }

  static let sql = """
    INSERT INTO trust_budget.schema_events
           (action, version, name, old_checksum, new_checksum, reason, program_version)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    """
  static let parameterTypes: [PostgresType] = [
    .text, .int8, .text, .bytea, .bytea, .text, .text,
  ]

  let action: Action
  let migration: Migration
  var old: Digest?
  var new: Digest?
  var reason: String?

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(action.rawValue)
    parameters.append(migration.version)
    parameters.append(migration.name)
    parameters.append(old)
    parameters.append(new)
    parameters.append(reason)
    parameters.append(ProductVersion.current)
  }
}
