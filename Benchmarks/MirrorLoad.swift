import AuditMirror
import BudgetLedger
import Foundation
import LibPQ
import Logging
import PrivatePostgres
import TrustBudget

/// A node's copy of the trail, against psql and sqlite3 that do the same without verifying anything.
struct MirrorLoad {
  let database: Database
  let directory: URL

  private static let columns = "entry_id, transaction_id, \(Entry.columns)"

  init(database: Database) throws {
    self.database = database
    directory = FileManager.default.temporaryDirectory
      .appending(path: "mirror-bench-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  func remove() { try? FileManager.default.removeItem(at: directory) }

  /// Charges until there are so many entries.
  static func trail(_ entries: Int, budgets: Int, in database: Database) async throws {
    while try await count(in: database) < entries {
      _ = try await EngineLoad(database: database, budgets: budgets, seconds: 3).rate()
    }
    try await database.execute("VACUUM ANALYZE trust_budget.audit_entries")
  }

  static func count(in database: Database) async throws -> Int {
    try await PostgresConnection.with(
      try PostgresConfiguration(database.connectionString)
    ) { connection in
      try await connection.run { session in
        let rows = try session.query("SELECT count(*) FROM trust_budget.audit_entries").rows
        return Int(rows[0][0] ?? "") ?? 0
      }
    }
  }

  /// Entries a second that a new file takes in, from nothing to the last.
  func catchUpRate(entries: Int) async throws -> Double {
    let path = directory.appending(path: "ours.db").path(percentEncoded: false)
    defer { remove(path) }
    let start = ContinuousClock.now
    let mirror = try mirror(at: path)
    try await running(mirror) {
      while mirror.health.current.entries ?? 0 < entries {
        if let problem = mirror.health.current.state.problem {
          throw Tool.Failure(description: problem)
        }
        try await Task.sleep(for: .milliseconds(2))
      }
    }
    return Double(entries) / ((ContinuousClock.now - start) / .seconds(1))
  }

  /// The same rows by `psql COPY | sqlite3 .import`, into a table without any index, which the mirror's has.
  func importRate(entries: Int) throws -> Double {
    let path = directory.appending(path: "theirs.db").path(percentEncoded: false)
    defer { remove(path) }
    let start = ContinuousClock.now
    _ = try Tool.run(
      "bash",
      [
        "-c",
        """
        set -o pipefail
        psql -Xq "$1" -c "COPY (SELECT \(MirrorLoad.columns) FROM trust_budget.audit_entries
          ORDER BY epoch, transaction_id, entry_id) TO STDOUT (FORMAT csv)" |
        sqlite3 "$2" "CREATE TABLE audit_entries (\(MirrorLoad.columns))" \
          ".mode csv" ".import /dev/stdin audit_entries"
        """, "import", database.connectionString, path,
      ])
    return Double(entries) / ((ContinuousClock.now - start) / .seconds(1))
  }

  /// Charges a second with a mirror beside them, and its longest lag that was seen, in seconds.
  typealias Result = (rate: Double, lag: Double)

  /// Charges under full load with a mirror beside them.
  func rateUnderMirror(_ engine: EngineLoad) async throws -> Result {
    let path = directory.appending(path: "loaded.db").path(percentEncoded: false)
    defer { remove(path) }
    let mirror = try mirror(at: path)
    return try await running(mirror) {
      // What was there before the load is not its lag.
      while mirror.health.current.state != .following
        || mirror.health.current.lag > .milliseconds(200)
      {
        try await Task.sleep(for: .milliseconds(10))
      }
      return try await MirrorLoad.watching(for: engine.seconds, every: .milliseconds(20)) {
        try await engine.rate()
      } lag: {
        mirror.health.current.lag / .seconds(1)
      }
    }
  }

  /// Looks how far a mirror is behind, again and again while the load goes on.
  static func watching(
    for seconds: Int, every interval: Duration,
    load: @escaping @Sendable () async throws -> Double, lag: () async throws -> Double
  ) async throws -> Result {
    try await withThrowingTaskGroup { group in
      group.addTask { try await load() }
      var longest = 0.0
      let end = ContinuousClock.now + .seconds(seconds)
      while ContinuousClock.now < end {
        try await Task.sleep(for: interval)
        longest = max(longest, try await lag())
      }
      return (try await group.next() ?? 0, longest)
    }
  }

  private func mirror(at path: String) throws -> AuditMirror {
    try AuditMirror(
      connectionString: database.connectionString,
      settings: AuditMirrorSettings(
        node: "bench", path: path, now: { Timestamp(microseconds: 0) }),
      logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  private func running<R: Sendable>(
    _ mirror: AuditMirror, _ body: () async throws -> R
  ) async throws -> R {
    try await withThrowingTaskGroup { group in
      group.addTask { try await mirror.run() }
      defer { group.cancelAll() }
      return try await body()
    }
  }

  private func remove(_ path: String) {
    for suffix in ["", "-wal", "-shm", "-journal", ".lock"] {
      try? FileManager.default.removeItem(atPath: path + suffix)
    }
  }
}
