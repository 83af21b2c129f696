import LibPQ

/// One migration on its way into a database, or out of it: gives way to whoever holds the locks that
/// it needs, and comes back, until the deadline.
struct MigrationStep: Sendable {
  let migration: Migration
  let connection: PostgresConnection
  let watch: LockWatch
  let deadline: ContinuousClock.Instant
  let lockTimeout: Duration
  let progress: @Sendable (MigrationRunner.Progress) -> Void

  /// - Parameter wasBegun: whether an earlier runner began it and did not come to its end; only a
  ///   migration outside a transaction can be found like that.
  func apply(wasBegun: Bool) async throws {
    if migration.directives.runsOutsideTransaction {
      try await applyOutsideTransaction(wasBegun: wasBegun)
    } else {
      try await retrying { session in
        _ = try session.execute(BeginTransaction())
        try session.executeScript(migration.up)
        try expectOpenTransaction(session)
        _ = try session.pipeline(
          RecordMigration(migration: migration, isDone: true),
          RecordEvent(action: .applied, migration: migration, new: migration.checksum),
          CommitTransaction())
      }
    }
  }

  /// Runs the down file and forgets the migration, in one transaction.
  ///
  /// - Parameter destroyingAuditData: whether entries may be lost by it.
  func revert(destroyingAuditData: Bool) async throws {
    guard let down = migration.down else {
      throw MigrationError.noWayBack(label: migration.label)
    }
    try await retrying { session in
      _ = try session.execute(BeginTransaction())
      let trails = try AuditData.read(on: session)
      try session.executeScript(down)
      try expectOpenTransaction(session)
      let lost = try trails.lost(on: session)
      guard lost.isEmpty || destroyingAuditData else {
        throw MigrationError.wouldDestroy(label: migration.label, tables: lost)
      }
      _ = try session.pipeline(
        RemoveMigration(version: migration.version),
        RecordEvent(action: .reverted, migration: migration, old: migration.checksum),
        CommitTransaction())
    }
  }

  /// Runs `body` until it gets its locks, whole each time.
  func retrying(
    _ body: @escaping @Sendable (PostgresSession) throws -> Void
  ) async throws {
    let processID = try await connection.run(\.backendProcessIdentifier)
    var lastSeen: [Blocker] = []
    while true {
      let (result, blockers) = await watch.during(processID) {
        try await connection.run(onTaskCancellation: .ignore, body)
      }
      if !blockers.isEmpty { lastSeen = blockers }
      switch result {
      case .success: return
      case .failure(let error as PostgresError): try await giveWay(to: lastSeen, because: error)
      case .failure(let error): throw error
      }
    }
  }

  private func reason(of error: PostgresError) -> String {
    let reason = error.ledgerReason
    guard migration.version == 1, error.sqlState == .duplicateTable else { return reason }
    return "\(reason). If somebody made the schema by hand: trust-budget migrate baseline"
  }

  /// Waits before another try.
  ///
  /// - Throws: `MigrationError` when `error` is not about locks, or there is no time left.
  private func giveWay(to blockers: [Blocker], because error: PostgresError) async throws {
    if error.isConnectionLost { throw MigrationError.interrupted(label: migration.label) }
    guard error.sqlState == .lockNotAvailable || error.sqlState == .deadlockDetected else {
      throw MigrationError.failed(label: migration.label, reason: reason(of: error))
    }
    guard .now < deadline else {
      throw MigrationError.blocked(label: migration.label, by: blockers)
    }
    progress(.gaveWay(migration, blockers: blockers))
    // Longer than it stood in the way: those who waited behind it get through in between.
    let pause = lockTimeout * Double.random(in: 1...2) + .milliseconds(10)
    try await Task.sleep(until: min(deadline, .now + pause))
  }

  private func expectOpenTransaction(_ session: PostgresSession) throws {
    guard session.transactionStatus == .open else {
      throw MigrationError.endsTransaction(label: migration.label)
    }
  }
}
