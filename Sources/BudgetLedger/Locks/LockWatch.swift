import LibPQ
import Synchronization

/// Looks from a session of its own who holds up a statement: once that has given up waiting, PostgreSQL no
/// longer knows for whom it waited.
struct LockWatch: Sendable {
  private let connection: PostgresConnection
  private let interval: Duration

  /// Lends a watch, with a session of its own.
  ///
  /// - Parameter lockTimeout: how long the statements that are watched wait at most.
  static func with<R: Sendable>(
    _ configuration: PostgresConfiguration, lockTimeout: Duration,
    _ body: (LockWatch) async throws -> R
  ) async throws -> R {
    let interval = min(max(lockTimeout / 8, .milliseconds(5)), .milliseconds(100))
    return try await PostgresConnection.with(configuration) { connection in
      try await body(LockWatch(connection: connection, interval: interval))
    }
  }

  /// Runs `body`, and gives with what became of it whoever was last seen to block it.
  func during<R: Sendable>(
    _ processID: Int32, _ body: () async throws -> R
  ) async -> (result: Result<R, any Error>, blockers: [Blocker]) {
    let seen = Blockers()
    async let _ = look(at: processID, noting: seen)
    do {
      return (.success(try await body()), [])
    } catch {
      return (.failure(error), seen.latest)
    }
  }

  private func look(at processID: Int32, noting seen: Blockers) async {
    // Not being able to look is no reason to fail: then nobody is named.
    while (try? await Task.sleep(for: interval)) != nil {
      let found = try? await connection.run(onTaskCancellation: .ignore) { session in
        try session.execute(ReadBlockers(processID: processID))
      }
      if let found, !found.isEmpty { seen.note(found) }
    }
  }

  private final class Blockers: Sendable {
    private let blockers = Mutex<[Blocker]>([])

    var latest: [Blocker] { blockers.withLock { $0 } }

    func note(_ found: [Blocker]) { blockers.withLock { $0 = found } }
  }
}
