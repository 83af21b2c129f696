import LibPQ
import TrustBudget

/// Brings a database's schema up to date.
///
/// One session. An advisory lock keeps any number of runners apart; it is taken by polling, because
/// a session that waits inside PostgreSQL for a lock holds a snapshot that others must wait for.
/// A migration and its row in the history commit together, so nothing is ever half applied.
package struct MigrationRunner: Sendable {
  /// "trustbud" in ASCII: any constant does that no other program uses.
  private static let advisoryLock: Int64 = 0x7472_7573_7462_7564

  /// What a runner reports while it works.
  package enum Progress: Hashable, Sendable {
    case waitingForOtherRunner
    case applying(Migration)
    case applied(Migration)
    /// A lock was not to be had in time; the migration gave way and is tried again.
    case gaveWay(Migration, reason: String)
  }

  private let connectionString: String
  private let migrations: [Migration]
  private let lockTimeout: Duration
  private let patience: Duration

  /// - Parameters:
  ///   - lockTimeout: how long one statement may wait for a lock, and hold others up behind it.
  ///   - patience: how long the whole may wait for other runners and for locks.
  package init(
    connectionString: String, migrations: [Migration] = Migrations.embedded,
    lockTimeout: Duration = .seconds(2), patience: Duration = .seconds(60)
  ) {
    self.connectionString = connectionString
    self.migrations = migrations
    self.lockTimeout = lockTimeout
    self.patience = patience
  }

  /// Applies what is pending.
  ///
  /// - Returns: the migrations that this run applied.
  /// - Throws: `MigrationError`, or `PostgresError` when the database cannot be reached.
  package func up(
    progress: @Sendable (Progress) -> Void = { _ in }
  ) async throws -> [Migration] {
    try await withConnection { connection in
      try await takeLock(on: connection, progress: progress)
      let applied = try await connection.run { session in
        try session.executeScript(MigrationHistory.creation)
        return try session.execute(ReadHistory())
      }
      let pending = try MigrationHistory.pending(applied: applied, files: migrations)
      for migration in pending {
        progress(.applying(migration))
        try await apply(migration, on: connection, progress: progress)
        progress(.applied(migration))
      }
      return pending
    }
  }

  /// What was applied, and what is still to be; changes nothing.
  ///
  /// - Throws: `MigrationError` when history and files do not agree.
  package func status() async throws -> (applied: [AppliedMigration], pending: [Migration]) {
    try await withConnection { connection in
      let applied = try await connection.run { session -> [AppliedMigration] in
        let isThere = try session.execute(FindHistoryTable()).first == true
        return isThere ? try session.execute(ReadHistory()) : []
      }
      return (applied, try MigrationHistory.pending(applied: applied, files: migrations))
    }
  }

  private func withConnection<R: Sendable>(
    _ body: (PostgresConnection) async throws -> R
  ) async throws -> R {
    var configuration = try PostgresConfiguration(connectionString)
    configuration.applicationName = "trust-budget migrate"
    configuration.lockTimeout = lockTimeout
    configuration.requirePrimary()
    let connection = try await PostgresConnection.connect(configuration)
    do {
      let result = try await body(connection)
      await connection.close()
      return result
    } catch {
      await connection.close()
      throw error
    }
  }

  private func takeLock(
    on connection: PostgresConnection, progress: @Sendable (Progress) -> Void
  ) async throws {
    let deadline = ContinuousClock.now + patience
    var hasReported = false
    while try await !connection.run({ session in
      try session.execute(TryAdvisoryLock(key: MigrationRunner.advisoryLock)).first == true
    }) {
      guard .now < deadline else { throw MigrationError.busy }
      if !hasReported { progress(.waitingForOtherRunner) }
      hasReported = true
      try await Task.sleep(for: .milliseconds(.random(in: 50...150)))
    }
  }

  private func apply(
    _ migration: Migration, on connection: PostgresConnection,
    progress: @Sendable (Progress) -> Void
  ) async throws {
    let deadline = ContinuousClock.now + patience
    while true {
      do {
        try await connection.run(onTaskCancellation: .ignore) { session in
          do {
            _ = try session.execute(BeginTransaction())
            try session.executeScript(migration.up)
            _ = try session.pipeline(
              RecordMigration(migration: migration), CommitTransaction())
          } catch {
            _ = try? session.execute(RollbackTransaction())
            throw error
          }
        }
        return
      } catch let error as PostgresError {
        let reason = LedgerHealth.reason(error)
        guard error.sqlState == .lockNotAvailable, .now < deadline else {
          throw MigrationError.failed(label: migration.label, reason: reason)
        }
        progress(.gaveWay(migration, reason: reason))
        try await Task.sleep(for: .milliseconds(.random(in: 500...1_000)))
      }
    }
  }
}

struct TryAdvisoryLock: PostgresStatement {
  static let name: String? = nil
  static let sql = "SELECT pg_try_advisory_lock($1)"
  static let parameterTypes: [PostgresType] = [.int8]

  let key: Int64

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(key)
  }

  static func decode(_ row: inout PostgresRow) throws -> Bool { try row.next(Bool.self) }
}
