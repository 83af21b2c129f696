import LibPQ

extension MigrationRunner {
  /// Applies what is pending.
  ///
  /// - Parameters:
  ///   - target: the version to stop at; nil: the newest.
  ///   - roles: roles that get what they need once the schema is up to date.
  /// - Returns: the migrations that this run applied.
  /// - Throws: `MigrationError`, or `PostgresError` when the database cannot be reached.
  package func up(
    to target: Int64? = nil, roles: LedgerRoles = LedgerRoles(),
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws -> [Migration] {
    let deadline = ContinuousClock.now + patience
    return try await withRunnerLock(until: deadline, progress: progress) { connection in
      let applied = try await whenFree(until: deadline) {
        try await connection.run { session in
          if let encoding = session.unfitEncoding { throw MigrationError.wrongEncoding(encoding) }
          return try MigrationHistory.open(on: session)
        }
      }
      let pending = try pending(applied: applied, upTo: target)
      if !pending.isEmpty {
        try await LockWatch.with(try configuration(), lockTimeout: lockTimeout) { watch in
          for migration in pending {
            progress(.applying(migration))
            let step = MigrationStep(
              migration: migration, connection: connection, watch: watch, deadline: deadline,
              lockTimeout: lockTimeout, progress: progress)
            let wasBegun = applied.contains { $0.version == migration.version }
            try await step.apply(wasBegun: wasBegun)
            progress(.applied(migration))
          }
        }
      }
      if !roles.isEmpty {
        try await connection.run { try roles.grant(on: $0) }
      }
      return pending
    }
  }

  /// What is to be applied to get to a version, of which `up` and `plan` have one notion.
  ///
  /// - Parameter target: nil: the newest.
  func pending(
    applied: [AppliedMigration], upTo target: Int64?
  ) throws(MigrationError) -> [Migration] {
    let pending = try MigrationHistory.pending(applied: applied, files: migrations)
    guard let target else { return pending }
    guard target <= Int64(migrations.count) else {
      throw .noSuchVersion(target, reason: "the newest migration is \(migrations.count)")
    }
    guard target >= applied.last?.version ?? 0 else {
      throw .noSuchVersion(
        target, reason: "the schema is at \(applied.last?.version ?? 0); down goes back")
    }
    return pending.filter { $0.version <= target }
  }
}
