import LibPQ

extension MigrationRunner {
  /// Accepts a file that was changed after it was applied: its checksum goes into the history, and
  /// who did it, when and why into the events.
  ///
  /// - Returns: the migration.
  /// - Throws: `MigrationError`, or `PostgresError` when the database cannot be reached.
  package func repair(version: Int64, reason: String) async throws -> Migration {
    try await withRunnerLock(until: .now + patience, progress: { _ in }) { connection in
      try await connection.run { session in
        let applied = try MigrationHistory.read(on: session).first { $0.version == version }
        guard let applied, let file = migrations.first(where: { $0.version == version }) else {
          throw MigrationError.noSuchVersion(
            version, reason: "it is not both in the history and among the files")
        }
        guard (file.name, file.checksum) != (applied.name, applied.checksum) else {
          throw MigrationError.notNeeded("\(file.label) is as it was applied")
        }
        _ = try session.pipeline(
          BeginTransaction(), RepairMigration(migration: file),
          RecordEvent(
            action: .repaired, migration: file, old: applied.checksum, new: file.checksum,
            reason: reason),
          CommitTransaction())
        return file
      }
    }
  }

  /// Records the migrations up to `version` as applied without running them: for a schema that
  /// somebody made by hand.
  ///
  /// Where it is known what the schema must be, it must be that.
  ///
  /// - Returns: the migrations.
  /// - Throws: `MigrationError`, or `PostgresError` when the database cannot be reached.
  package func baseline(version: Int64, reason: String) async throws -> [Migration] {
    guard (1...max(1, Int64(migrations.count))).contains(version), !migrations.isEmpty else {
      throw MigrationError.noSuchVersion(
        version, reason: "there are \(migrations.count) migrations")
    }
    return try await withRunnerLock(until: .now + patience, progress: { _ in }) { connection in
      try await connection.run { session in
        _ = try session.execute(BeginTransaction())
        guard try MigrationHistory.open(on: session).isEmpty else {
          throw MigrationError.notNeeded("the database has a history of migrations already")
        }
        let baseline = Array(migrations.prefix { $0.version <= version })
        for migration in baseline {
          _ = try session.pipeline(
            RecordMigration(migration: migration, isDone: true),
            RecordEvent(
              action: .baselined, migration: migration, new: migration.checksum, reason: reason))
        }
        if baseline.count == migrations.count, let catalogue {
          let live = Catalogue(objects: try session.execute(ReadCatalogue()))
          let differences = catalogue.differences(from: live)
          guard differences.isEmpty else { throw MigrationError.catalogueDiffers(differences) }
        }
        _ = try session.execute(CommitTransaction())
        return baseline
      }
    }
  }
}
