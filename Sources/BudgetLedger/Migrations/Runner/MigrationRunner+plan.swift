import LibPQ
import TrustBudget

extension MigrationRunner {
  /// What `up` would do to this database, as SQL that psql can run; changes nothing.
  ///
  /// - Parameter target: the version to stop at; nil: the newest.
  /// - Throws: `MigrationError` when history and files do not agree or `up` could not go to `target`, or
  ///   `PostgresError`.
  package func plan(to target: Int64? = nil) async throws -> MigrationPlan {
    try await withConnection { connection in
      let (applied, preparation) = try await connection.run { session in
        let hasHistory = try session.executeOne(FindHistoryTable())
        return (
          try MigrationHistory.read(on: session),
          hasHistory ? "" : try MigrationHistory.creation(on: session)
        )
      }
      return MigrationPlan(
        preparation: preparation,
        begun: Set(applied.filter { $0.appliedAt == nil }.map(\.version)),
        migrations: try pending(applied: applied, upTo: target), lockTimeout: lockTimeout)
    }
  }
}

/// What is to be done to a database, in order.
package struct MigrationPlan: Sendable {
  /// Makes the schema and its history; empty where they are there.
  let preparation: String
  /// Migrations outside a transaction that are in the history already.
  let begun: Set<Int64>
  package let migrations: [Migration]
  let lockTimeout: Duration

  package var isEmpty: Bool { migrations.isEmpty && preparation.isEmpty }

  /// The script, for psql or a DBA's eyes.
  package var sql: String {
    var text = """
      -- What trust-budget migrate up does, in order. While it does, it holds an advisory lock. The database's
      -- encoding \(SchemaProblem.encodingRequirement).
      \\set ON_ERROR_STOP on
      \\set ON_ERROR_ROLLBACK off
      \\encoding UTF8
      SET default_transaction_read_only = off;
      SET standard_conforming_strings = on;
      SET lock_timeout = '\(Int64((lockTimeout / .milliseconds(1)).rounded(.up)))ms';
      SET statement_timeout = 0;
      SET search_path = pg_catalog, pg_temp;
      SET plpgsql.extra_errors = 'none';


      """
    if !preparation.isEmpty { text += "BEGIN;\n\(preparation)COMMIT;\n" }
    for migration in migrations { text += "\n" + script(of: migration) }
    return text
  }

  private func script(of migration: Migration) -> String {
    let script = migration.up
    let up = script.last?.isNewline == false ? script + "\n" : script
    let title = "-- ---- \(migration.label)\n"
    guard migration.directives.runsOutsideTransaction else {
      return title + "BEGIN;\n" + up + record(migration, isDone: true) + event(migration)
        + "COMMIT;\n"
    }
    let begin = begun.contains(migration.version) ? "" : record(migration, isDone: false)
    return title + begin + up
      + "UPDATE trust_budget.schema_migrations SET applied_at = clock_timestamp() "
      + "WHERE version = \(migration.version);\n" + event(migration)
  }

  // Names are letters, digits, "_" and "-"; nothing needs to be escaped.

  private func record(_ migration: Migration, isDone: Bool) -> String {
    """
    INSERT INTO trust_budget.schema_migrations
           (version, name, checksum, compatible_with, started_at, applied_at, program_version)
    VALUES (\(migration.version), '\(migration.name)', '\\x\(migration.checksum.hexadecimal)', \
    \(migration.compatibleWith), now(), \(isDone ? "clock_timestamp()" : "NULL"), \
    '\(ProductVersion.current)');

    """
  }

  private func event(_ migration: Migration) -> String {
    """
    INSERT INTO trust_budget.schema_events (action, version, name, new_checksum, program_version)
    VALUES ('applied', \(migration.version), '\(migration.name)', \
    '\\x\(migration.checksum.hexadecimal)', '\(ProductVersion.current)');

    """
  }
}
