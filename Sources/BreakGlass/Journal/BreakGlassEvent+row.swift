import Foundation
import GRDB
import TrustBudget

// An event as a row of the journal: times as SQLite compares them rightly, lists as JSON.

extension BreakGlassEvent {
  init(row: Row, journalID: String) throws {
    guard let moment = Timestamp(row["occurred_at"] as String),
      let policyDigest = Digest(bytes: Array(row["policy_digest"] as Data)),
      let hash = Digest(bytes: Array(row["hash"] as Data))
    else {
      throw JournalProblem.corrupt("event \(row["node_seq"] as Int64) cannot be read")
    }
    self.init(
      journalID: journalID, sequence: row["node_seq"], node: row["node"],
      username: row["username"], reason: row["reason"], ticket: row["ticket"],
      approvers: try BreakGlassEvent.list(row["approvers"]),
      principals: try BreakGlassEvent.list(row["principals"]),
      maxDuration: row["max_duration"], maxDurationSeconds: row["max_duration_seconds"],
      requestedDurationSeconds: row["requested_duration_seconds"],
      requestID: row["request_id"], request: row["request"], policyDigest: policyDigest,
      actor: row["actor"], occurredAt: moment, hash: hash)
  }

  func insert(into database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO break_glass_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        sequence, node, username, reason, ticket, try BreakGlassEvent.text(approvers),
        try BreakGlassEvent.text(principals), maxDuration, maxDurationSeconds,
        requestedDurationSeconds, requestID, request, Data(policyDigest.bytes), actor,
        occurredAt.sortableText, Data(hash.bytes),
      ])
  }

  private static func list(_ text: String) throws -> [String] {
    do {
      return try JSONDecoder().decode([String].self, from: Data(text.utf8))
    } catch {
      throw JournalProblem.corrupt("a list in the journal cannot be read: \(text)")
    }
  }

  private static func text(_ list: [String]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    return String(decoding: try encoder.encode(list), as: UTF8.self)
  }
}
