import AuditMirror
import Foundation
import GRDB
import LibPQ
import Logging
import Synchronization
import Testing
import TrustBudget
import TrustBudgetTesting

/// A mirror's file, looked at without the program's own code.
struct MirrorFile: Sendable {
  let path: String

  /// Runs a statement on a connection of its own, as `sqlite3` would.
  func query(_ sql: String) throws -> [[String?]] {
    let queue = try connect()
    defer { try? queue.close() }
    return try queue.writeWithoutTransaction { db in
      try Row.fetchAll(db, sql: sql).map { row in
        row.databaseValues.map { value in
          switch value.storage {
          case .null, .blob: nil
          case .int64(let number): "\(number)"
          case .double(let number): "\(number)"
          case .string(let text): text
          }
        }
      }
    }
  }

  func execute(_ script: String) throws {
    let queue = try connect()
    defer { try? queue.close() }
    try queue.writeWithoutTransaction { try $0.execute(sql: script) }
  }

  /// Waits for its turn: a file that turns to a log of its own, and one whose last writer goes, is locked for
  /// that moment, also for those who read.
  private func connect() throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  func count(_ sql: String) -> Int {
    ((try? query(sql))?.first?.first ?? nil).flatMap { Int($0) } ?? -1
  }

  var entries: Int { count("SELECT count(*) FROM audit_entries") }

  /// Every row, in the order in which they were written.
  func rows() throws -> [[String?]] {
    try query(
      """
      SELECT CAST(entry_id AS TEXT), CAST(epoch AS TEXT), CAST(transaction_id AS TEXT), budget_id,
             CAST(budget_seq AS TEXT), kind, username, CAST(cost AS TEXT),
             CAST(balance_before AS TEXT), CAST(balance_after AS TEXT), request_id,
             CAST(part AS TEXT), rule,
             CASE WHEN policy_digest IS NOT NULL THEN lower(hex(policy_digest)) END, actor, node,
             detail, occurred_at, lower(hex(hash))
      FROM audit_entries ORDER BY rowid
      """)
  }

  /// A copy that somebody has worked on.
  func changed(by script: String) throws -> String {
    let target = path + ".changed"
    try? FileManager.default.removeItem(atPath: target)
    try FileManager.default.copyItem(atPath: path, toPath: target)
    try MirrorFile(path: target).execute(script)
    return target
  }

  /// A copy in which one bit of a text that stands in it is another one.
  func flipped(in text: String) throws -> String {
    var copy = try Data(contentsOf: URL(filePath: path))
    guard let range = copy.range(of: Data(text.utf8)) else { throw TestFailure("no \(text)") }
    copy[range.lowerBound + 3] ^= 1
    let target = path + ".flipped"
    try copy.write(to: URL(filePath: target))
    return target
  }
}

extension TestDatabase {
  /// Lends a ledger, and a place for a mirror's file.
  static func withAuditFile(
    _ body: (_ database: TestDatabase, _ path: String) async throws -> Void
  ) async throws {
    try await withLedger { database in
      try await TemporaryDirectory.with { try await body(database, $0.file("audit.db")) }
    }
  }

  /// Every entry as PostgreSQL has it, in the order in which the trail is followed.
  func trail() async throws -> [[String?]] {
    try await query(
      """
      SELECT entry_id, epoch, transaction_id, budget_id, budget_seq, kind, username, cost,
             balance_before, balance_after, request_id, part, rule, encode(policy_digest, 'hex'),
             actor, node, detail, to_char(occurred_at, 'YYYY-MM-DD HH24:MI:SS.US'),
             encode(hash, 'hex')
      FROM trust_budget.audit_entries ORDER BY epoch, transaction_id, entry_id
      """)
  }

  /// Makes a mirror that isn't run yet.
  func mirror(
    at path: String, configure: (inout AuditMirrorSettings) -> Void = { _ in }
  ) throws -> AuditMirror {
    var settings = AuditMirrorSettings(
      node: "node-1", path: path, now: { Timestamp(microseconds: 1_767_225_600_000_000) })
    settings.busyInterval = .milliseconds(10)
    settings.idleInterval = .milliseconds(20)
    settings.retryInterval = .milliseconds(200)
    // So that there are always some that are written, and some that are not.
    settings.headsInterval = 8
    configure(&settings)
    return try AuditMirror(
      connectionString: connectionString, settings: settings,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  /// Runs a mirror for as long as `body` takes.
  func withMirror<R: Sendable>(
    at path: String, configure: (inout AuditMirrorSettings) -> Void = { _ in },
    _ body: (AuditMirror) async throws -> R
  ) async throws -> R {
    let mirror = try mirror(at: path, configure: configure)
    return try await withThrowingTaskGroup { group in
      group.addTask { try await mirror.run() }
      do {
        let result = try await body(mirror)
        group.cancelAll()
        try await group.waitForAll()
        return result
      } catch {
        group.cancelAll()
        throw error
      }
    }
  }

  /// Waits until a file has as many entries and break-glass events as PostgreSQL, and compares them row
  /// for row.
  func expectMirrored(
    in path: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let file = MirrorFile(path: path)
    let count = try await count("SELECT count(*) FROM trust_budget.audit_entries")
    let isComplete = try await eventually(within: .seconds(60)) { file.entries >= count }
    #expect(isComplete, "\(file.entries) of \(count)", sourceLocation: sourceLocation)
    let (ours, theirs) = (try file.rows(), try await trail())
    #expect(ours.count == theirs.count, sourceLocation: sourceLocation)
    let differing = zip(ours, theirs).first { $0 != $1 }
    #expect(differing == nil, sourceLocation: sourceLocation)
    let events = try await emergencies()
    _ = try await eventually(within: .seconds(60)) { file.events >= events.count }
    #expect(try file.emergencies() == events, sourceLocation: sourceLocation)
  }
}

/// Expects that a condition comes to hold.
func expectSoon(
  sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
  let holds = try await eventually(within: .seconds(40), condition)
  #expect(holds, "in 40 seconds", sourceLocation: sourceLocation)
}
