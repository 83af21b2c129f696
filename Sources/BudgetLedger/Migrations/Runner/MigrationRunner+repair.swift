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

  /// Records the migrations as applied without running them: for a schema that somebody made by hand.
  ///
  /// It must be what the migrations make, and that is known of all of them together alone.
  ///
  /// - Parameters:
  ///   - version: the newest migration's, so that nobody takes the schema for a newer one than it is.
  ///   - reason: why, for the record.
  /// - Returns: the migrations.
  /// - Throws: `MigrationError`, or `PostgresError` when the database cannot be reached.
  package func baseline(version: Int64, reason: String) async throws -> [Migration] {
    guard version == Int64(migrations.count), version > 0 else {
      throw MigrationError.noSuchVersion(
        version,
        reason: "there are \(migrations.count) migrations, and a schema can be compared with what "
          + "all of them make. For an older one, use the program that came with it, and then this "
          + "one's migrate up")
    }
    guard let catalogue else {
      throw MigrationError.noSuchVersion(
        version,
        reason: "the migrations have no catalogue.txt to compare the schema with. Make it from an "
          + "empty database, by trust-budget migrate up and catalogue")
    }
    return try await withRunnerLock(until: .now + patience, progress: { _ in }) { connection in
      try await connection.run { session in
        _ = try session.execute(BeginTransaction())
        guard try MigrationHistory.open(on: session).isEmpty else {
          throw MigrationError.notNeeded("the database has a history of migrations already")
        }
        for migration in migrations {
          _ = try session.pipeline(
            RecordMigration(migration: migration, isDone: true),
            RecordEvent(
              action: .baselined, migration: migration, new: migration.checksum, reason: reason))
        }
        let live = Catalogue(objects: try session.execute(ReadCatalogue()))
        let differences = catalogue.differences(from: live)
        guard differences.isEmpty else { throw MigrationError.catalogueDiffers(differences) }
        _ = try session.execute(CommitTransaction())
        return migrations
      }
    }
  }
}
