import LibPQ
import TrustBudget

/// Brings a database's schema up to date.
///
/// One session works, and another only looks who holds it up. An advisory lock keeps any number of
/// runners apart; it is taken by polling, because a session that waits inside PostgreSQL for a lock
/// holds a snapshot that others must wait for. A migration and its row in the history commit
/// together, so nothing is ever half applied.
package struct MigrationRunner: Sendable {
  /// "trustbud" in ASCII: any constant does that no other program uses.
  fileprivate static let advisoryLock: Int64 = 0x7472_7573_7462_7564

  /// What a runner reports while it works.
  package enum Progress: Hashable, Sendable {
    case waitingForOtherRunner
    case applying(Migration)
    case applied(Migration)
    case reverting(Migration)
    case reverted(Migration)
    /// A lock was not to be had in time; the migration gave way and is tried again.
    case gaveWay(Migration, blockers: [Blocker])
    /// What an interrupted build had left of an index was removed.
    case removedInvalidIndex(name: String)
  }

  let connectionString: String
  let migrations: [Migration]
  let catalogue: Catalogue?
  let lockTimeout: Duration
  let patience: Duration

  /// - Parameters:
  ///   - catalogue: what `migrations` make of an empty database; nil when nobody wrote it down.
  ///   - lockTimeout: how long one statement may wait for a lock, and hold others up behind it.
  ///   - patience: how long the whole may wait for other runners and for locks.
  package init(
    connectionString: String, migrations: [Migration] = Migrations.embedded,
    catalogue: Catalogue? = Catalogue.embedded, lockTimeout: Duration = .milliseconds(500),
    patience: Duration = .seconds(60)
  ) {
    self.connectionString = connectionString
    self.migrations = migrations
    self.catalogue = catalogue
    self.lockTimeout = lockTimeout
    self.patience = patience
  }

  /// What was applied, and what is still to be; changes nothing.
  ///
  /// - Throws: `MigrationError` when history and files do not agree.
  package func status() async throws -> (applied: [AppliedMigration], pending: [Migration]) {
    try await withConnection { connection in
      let applied = try await connection.run { try MigrationHistory.read(on: $0) }
      return (applied, try MigrationHistory.pending(applied: applied, files: migrations))
    }
  }

  /// Lends a session that holds the runners' lock.
  func withRunnerLock<R: Sendable>(
    until deadline: ContinuousClock.Instant, progress: @Sendable (Progress) -> Void,
    _ body: (PostgresConnection) async throws -> R
  ) async throws -> R {
    var configuration = try configuration()
    configuration.liftStatementTimeout()
    return try await PostgresConnection.with(configuration) { connection in
      var hasReported = false
      while try await !connection.run({ session in
        try session.executeOne(TryAdvisoryLock())
      }) {
        guard .now < deadline else { throw MigrationError.busy }
        if !hasReported { progress(.waitingForOtherRunner) }
        hasReported = true
        try await Task.sleep(for: .milliseconds(.random(in: 50...150)))
      }
      return try await doing {
        // Each COMMIT may wait for a standby, and a migration takes what it takes.
        try await connection.run { $0.liftResponseTimeout() }
        return try await body(connection)
      } finally: {
        // The server would let the lock go by itself, but only some time after the session was closed:
        // whoever runs next would find somebody at work who isn't.
        _ = try? await connection.run(onTaskCancellation: .ignore) {
          try $0.execute(ReleaseAdvisoryLock())
        }
      }
    }
  }

  /// Tries again while somebody has locked what `body` needs: the history, or what a migration that is
  /// tried out changes.
  ///
  /// - Throws: `MigrationError` where that is so until the deadline, or what `body` throws.
  func whenFree<R>(
    until deadline: ContinuousClock.Instant, _ body: () async throws -> R
  ) async throws -> R {
    while true {
      do {
        return try await body()
      } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
        guard .now < deadline else { throw MigrationError.locked }
      } catch let error as MigrationError {
        guard case .blocked = error, .now < deadline else { throw error }
      }
      // Longer than it stood in the way: those who waited behind it get through in between.
      try await Task.sleep(for: lockTimeout * Double.random(in: 1...2) + .milliseconds(10))
    }
  }

  func withConnection<R: Sendable>(
    _ body: (PostgresConnection) async throws -> R
  ) async throws -> R {
    try await PostgresConnection.with(try configuration(), body)
  }

  func configuration() throws -> PostgresConfiguration {
    var configuration = try PostgresConfiguration(command: "migrate", connectionString)
    configuration.lockTimeout = lockTimeout
    configuration.requirePrimary()
    return configuration
  }
}

private struct TryAdvisoryLock: PostgresStatement {
  static let sql = "SELECT pg_try_advisory_lock(\(MigrationRunner.advisoryLock))"

  static func decode(_ row: inout PostgresRow) throws -> Bool { try row.next(Bool.self) }
}

private struct ReleaseAdvisoryLock: PostgresStatement {
  static let sql = "SELECT pg_advisory_unlock(\(MigrationRunner.advisoryLock))"

  static func decode(_ row: inout PostgresRow) throws -> Bool { try row.next(Bool.self) }
}
