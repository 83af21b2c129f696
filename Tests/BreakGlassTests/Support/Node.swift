import BreakGlass
import Foundation
import Logging
import TrustBudget
import TrustBudgetTesting

/// A node's break-glass path without the rest of the node.
struct Node: Sendable {
  let breakGlass: BreakGlass
  let log: Log

  /// Lends one that runs.
  static func with<R: Sendable>(
    _ name: String = "node-1", journal: String, on connectionString: String,
    retryInterval: Duration = .seconds(10),
    _ body: (Node) async throws -> R
  ) async throws -> R {
    let log = Log()
    let breakGlass = try BreakGlass(
      node: name, journal: journal, connectionString: connectionString, now: { .testClock() },
      retryInterval: retryInterval, logger: Logger(label: "test", factory: { _ in log }))
    await breakGlass.prepare()
    return try await withThrowingTaskGroup { group in
      group.addTask { try await breakGlass.run() }
      do {
        let result = try await body(Node(breakGlass: breakGlass, log: log))
        group.cancelAll()
        try? await group.waitForAll()
        return result
      } catch {
        group.cancelAll()
        throw error
      }
    }
  }

  /// Records an emergency of somebody's.
  func record(
    _ username: String = "alice", id: String = UUID().uuidString, reason: String = "fire",
    notice: BreakGlassNotice? = nil
  ) async throws -> (outcome: BreakGlassOutcome, store: BreakGlass.Store) {
    try await breakGlass.record(.of(username, id: id, reason: reason), notice: notice)
  }
}

extension BreakGlassIssuance {
  static func of(
    _ username: String = "alice", id: String = UUID().uuidString, reason: String = "fire",
    approvers: [String] = ["bob"]
  ) throws -> BreakGlassIssuance {
    BreakGlassIssuance(
      requestID: try RequestID(id), content: RequestContent([username, reason]),
      username: try Username(username), reason: reason, ticket: nil, approvers: approvers,
      principals: ["root", "Größe \"x\""], maxDuration: "60s", maxDurationSeconds: 60,
      requestedDurationSeconds: nil, policyDigest: Digest(hashing: []), actor: nil)
  }
}

extension BreakGlassOutcome {
  var event: BreakGlassEvent? { if case .recorded(let event, _) = self { event } else { nil } }
  var isReplay: Bool { if case .recorded(_, replayed: true) = self { true } else { false } }
}

extension Timestamp {
  static func testClock() -> Timestamp {
    Timestamp(microseconds: Int64((Date().timeIntervalSince1970 * 1_000_000).rounded()))
  }
}

extension TemporaryDirectory {
  /// Where a journal would be.
  var journal: String { file("data/journal.db") }

  /// The journals that were removed, and saved.
  var saved: [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: path + "/data")
    return (names ?? []).filter { $0.contains(".removed-") }
      .map { file("data/\($0)") }
  }

  var setAside: [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: path + "/data")
    return (names ?? []).filter { $0.contains(".db.corrupt-") && !$0.hasSuffix("wal") }
  }
}

extension TestDatabase {
  /// The events' request ids, and that every chain verifies, here and in PostgreSQL.
  func events() async throws -> [String] {
    let faults = try await query("SELECT * FROM trust_budget.verify_all_break_glass()")
    guard faults.isEmpty else { throw TestFailure("\(faults)") }
    return try await query(
      "SELECT request_id FROM trust_budget.break_glass_events ORDER BY request_id"
    ).map { $0[0] ?? "" }
  }
}
