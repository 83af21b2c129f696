import LibPQ

extension MigrationRunner {
  /// Accepts a file that was changed after it was applied: its checksum goes into the history, and
  /// who did it, when and why into the events.
  ///
  /// - Returns: the migration.
  /// - Throws: `MigrationError`, or `PostgresError` when the database cannot be reached.
  package func repair(version: Int64, reason: String) async throws -> Migration {
    try await runWhenFree { session in
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

  /// Records the migrations up to `version` as applied without running them: for a schema that
  /// somebody made by hand.
  ///
  /// What all migrations make is known. So the schema must be that once those after `version` have been
  /// run, which are taken back afterwards.
  ///
  /// - Parameter reason: why, for the record.
  /// - Returns: the migrations.
  /// - Throws: `MigrationError`, or `PostgresError` when the database cannot be reached.
  package func baseline(version: Int64, reason: String) async throws -> [Migration] {
    guard version > 0, version <= migrations.count else {
      throw MigrationError.noSuchVersion(
        version, reason: "there are \(migrations.count) migrations")
    }
    let baseline = migrations.filter { $0.version <= version }
    let others = migrations.filter { $0.version > version }
    if let other = others.first(where: \.directives.runsOutsideTransaction) {
      throw MigrationError.noSuchVersion(
        version,
        reason: "\(other.label) cannot be taken back after a trial. Apply by hand what that and "
          + "those before it say (trust-budget migrate plan)")
    }
    guard let catalogue else {
      throw MigrationError.noSuchVersion(
        version,
        reason: "the migrations have no catalogue.txt to compare the schema with. Make it from an "
          + "empty database, by trust-budget migrate up and catalogue")
    }
    return try await runWhenFree { session in
      _ = try session.execute(BeginTransaction())
      guard try MigrationHistory.open(on: session).isEmpty else {
        throw MigrationError.notNeeded("the database has a history of migrations already")
      }
      for migration in baseline {
        _ = try session.pipeline(
          RecordMigration(migration: migration, isDone: true),
          RecordEvent(
            action: .baselined, migration: migration, new: migration.checksum, reason: reason))
      }
      try session.executeScript("SAVEPOINT before_trial")
      for migration in others { try MigrationRunner.tryOut(migration, on: session) }
      let live = Catalogue(objects: try session.execute(ReadCatalogue()))
      let differences = catalogue.differences(from: live)
      guard differences.isEmpty else { throw MigrationError.catalogueDiffers(differences) }
      try session.executeScript("ROLLBACK TO before_trial; COMMIT")
      return baseline
    }
  }

  /// Runs `body` as the only runner, once nobody has locked what it needs.
  private func runWhenFree<R: Sendable>(
    _ body: @Sendable (PostgresSession) throws -> R
  ) async throws -> R {
    let deadline = ContinuousClock.now + patience
    return try await withRunnerLock(until: deadline, progress: { _ in }) { connection in
      try await whenFree(until: deadline) { try await connection.run(body) }
    }
  }

  /// Runs a migration in an open transaction that is to be taken back.
  private static func tryOut(_ migration: Migration, on session: PostgresSession) throws {
    do {
      try session.executeScript(migration.up)
    } catch let error as PostgresError where error.kind == .server {
      switch error.sqlState {
      case .lockNotAvailable, .deadlockDetected:
        throw MigrationError.blocked(label: migration.label, by: [])
      case let state? where state != .insufficientPrivilege && state.isOfStatement:
        throw MigrationError.noSuchVersion(
          migration.version - 1,
          reason: "the schema is not what the migrations before \(migration.label) make, which "
            + "cannot follow them: \(error)")
      default:
        throw MigrationError.failed(label: migration.label, reason: error.ledgerReason)
      }
    }
  }
}

extension SQLState {
  /// Whether it is about what a statement says and finds, and not about the state of the server.
  fileprivate var isOfStatement: Bool {
    ["0A", "21", "22", "23", "2B", "3F", "42", "P0"].contains(errorClass)
  }
}
