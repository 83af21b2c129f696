import LibPQ
import TrustBudget

/// What a database says was applied to it.
package struct AppliedMigration: Hashable, Sendable {
  package let version: Int64
  package let name: String
  package let checksum: Digest
  package let appliedAt: Timestamp
  package let programVersion: String
}

/// The schema and its history table: made once, before the first migration.
enum MigrationHistory {
  static let creation = """
    CREATE SCHEMA IF NOT EXISTS trust_budget;
    CREATE TABLE IF NOT EXISTS trust_budget.schema_migrations (
        version         bigint      PRIMARY KEY CHECK (version > 0),
        name            text        NOT NULL,
        checksum        bytea       NOT NULL CHECK (octet_length(checksum) = 32),
        started_at      timestamptz NOT NULL,
        applied_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        program_version text        NOT NULL
    );
    COMMENT ON SCHEMA trust_budget IS 'Trust Budget: limits how much authority a certificate authority hands out over time.';
    COMMENT ON TABLE  trust_budget.schema_migrations                 IS 'The migrations that made this schema, one row each.';
    COMMENT ON COLUMN trust_budget.schema_migrations.version         IS 'The number that the file begins with.';
    COMMENT ON COLUMN trust_budget.schema_migrations.name            IS 'The rest of the file''s name.';
    COMMENT ON COLUMN trust_budget.schema_migrations.checksum        IS 'SHA-256 of the .up.sql text with LF line endings.';
    COMMENT ON COLUMN trust_budget.schema_migrations.started_at      IS 'When its transaction began.';
    COMMENT ON COLUMN trust_budget.schema_migrations.applied_at      IS 'When it was done.';
    COMMENT ON COLUMN trust_budget.schema_migrations.program_version IS 'The trust-budget that applied it.';
    """

  /// Compares history and files.
  ///
  /// - Returns: the migrations that are still to be applied, in order.
  /// - Throws: `MigrationError` for a changed, unknown or left-out migration.
  static func pending(
    applied: [AppliedMigration], files: [Migration]
  ) throws(MigrationError) -> [Migration] {
    let known = Int64(files.count)
    for (index, migration) in applied.enumerated() {
      let expected = Int64(index + 1)
      guard migration.version == expected else { throw .gap(missing: expected) }
      guard index < files.count else {
        throw .unknownVersion(migration.version, name: migration.name, known: known)
      }
      guard files[index].name == migration.name, files[index].checksum == migration.checksum else {
        throw .changed(label: files[index].label)
      }
    }
    return Array(files.dropFirst(applied.count))
  }
}

struct ReadHistory: PostgresStatement {
  static let name: String? = nil
  static let sql = """
    SELECT version, name, checksum, applied_at, program_version
    FROM trust_budget.schema_migrations ORDER BY version
    """


  static func decode(_ row: inout PostgresRow) throws -> AppliedMigration {
    AppliedMigration(
      version: try row.next(Int64.self), name: try row.next(String.self),
      checksum: try Digest(decoding: try row.next([UInt8].self)),
      appliedAt: Timestamp(try row.next(PostgresTimestamp.self)),
      programVersion: try row.next(String.self))
  }
}

struct RecordMigration: PostgresStatement {
  typealias Row = Void

  static let name: String? = nil
  static let sql = """
    INSERT INTO trust_budget.schema_migrations
           (version, name, checksum, started_at, program_version)
    VALUES ($1, $2, $3, now(), $4)
    """
  static let parameterTypes: [PostgresType] = [.int8, .text, .bytea, .text]

  let migration: Migration

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(migration.version)
    parameters.append(migration.name)
    parameters.append(migration.checksum.bytes)
    parameters.append(ProductVersion.current)
  }
}
