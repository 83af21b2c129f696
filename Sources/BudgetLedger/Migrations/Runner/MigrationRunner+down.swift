import LibPQ

extension MigrationRunner {
  /// Takes migrations back, the newest first.
  ///
  /// - Parameters:
  ///   - target: the version that stays; 0: none.
  ///   - destroyingAuditData: whether entries may be lost by it.
  /// - Returns: the migrations that were taken back. What was before one that fails stays back.
  /// - Throws: `MigrationError`, or `PostgresError` when the database cannot be reached.
  package func down(
    to target: Int64, destroyingAuditData: Bool = false,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws -> [Migration] {
    let deadline = ContinuousClock.now + patience
    return try await withRunnerLock(until: deadline, progress: progress) { connection in
      let applied = try await whenFree(until: deadline) {
        try await connection.run { try MigrationHistory.read(on: $0) }
      }
      let leaving = try leaving(applied: applied, downTo: target)
      guard !leaving.isEmpty else { return [] }
      try await LockWatch.with(try configuration(), lockTimeout: lockTimeout) { watch in
        for migration in leaving {
          progress(.reverting(migration))
          let step = MigrationStep(
            migration: migration, connection: connection, watch: watch, deadline: deadline,
            lockTimeout: lockTimeout, progress: progress)
          try await step.revert(destroyingAuditData: destroyingAuditData)
          progress(.reverted(migration))
        }
      }
      return leaving
    }
  }

  private func leaving(
    applied: [AppliedMigration], downTo target: Int64
  ) throws(MigrationError) -> [Migration] {
    if let problem = MigrationHistory.problems(applied: applied, files: migrations).first {
      throw problem
    }
    let newest = applied.last?.version ?? 0
    guard (0...newest).contains(target) else {
      throw .noSuchVersion(target, reason: "the schema is at \(newest)")
    }
    if let begun = applied.first(where: { $0.appliedAt == nil }) {
      throw .unfinished(label: begun.label)
    }
    if let unknown = applied.first(where: { $0.version > Int64(migrations.count) }) {
      throw .unknownVersion(
        unknown.version, name: unknown.name, known: Int64(migrations.count))
    }
    return migrations.prefix(applied.count).drop { $0.version <= target }.reversed()
  }
}
