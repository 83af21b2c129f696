import Foundation
import GRDB
import TrustBudget

// An event as a row of the journal: times as SQLite compares them rightly, lists as JSON.

extension BreakGlassEvent {
  /// What `init(row:journalID:)` reads. Texts are bytes here: GRDB repairs those that are not UTF-8, and ends
  /// them at a NUL, into one that has the hash of another.
  static let columns = """
    node_seq, CAST(node AS BLOB) AS node, CAST(username AS BLOB) AS username,
    CAST(reason AS BLOB) AS reason, CAST(ticket AS BLOB) AS ticket,
    CAST(approvers AS BLOB) AS approvers, CAST(principals AS BLOB) AS principals,
    CAST(max_duration AS BLOB) AS max_duration, max_duration_seconds, requested_duration_seconds,
    CAST(request_id AS BLOB) AS request_id, CAST(request AS BLOB) AS request, policy_digest,
    CAST(actor AS BLOB) AS actor, occurred_at, hash
    """

  /// - Throws: `JournalProblem.corrupt` for what nobody of ours has written.
  init(row: Row, journalID: String) throws {
    let number: Int64 = row["node_seq"]
    func optionalText(_ column: String) throws(JournalProblem) -> String? {
      guard let bytes = row[column] as Data? else { return nil }
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw .corrupt("event \(number) is not UTF-8 (\(column))")
      }
      return text
    }
    func text(_ column: String) throws(JournalProblem) -> String {
      guard let text = try optionalText(column) else {
        throw .corrupt("event \(number) has no \(column)")
      }
      return text
    }
    guard let moment = Timestamp(row["occurred_at"] as String),
      let policyDigest = Digest(bytes: Array(row["policy_digest"] as Data)),
      let hash = Digest(bytes: Array(row["hash"] as Data))
    else {
      throw JournalProblem.corrupt("event \(number) cannot be read")
    }
    self.init(
      journalID: journalID, sequence: number, node: try text("node"),
      username: try text("username"), reason: try text("reason"),
      ticket: try optionalText("ticket"),
      approvers: try BreakGlassEvent.list(try text("approvers")),
      principals: try BreakGlassEvent.list(try text("principals")),
      maxDuration: try text("max_duration"), maxDurationSeconds: row["max_duration_seconds"],
      requestedDurationSeconds: row["requested_duration_seconds"],
      requestID: try text("request_id"), request: try text("request"),
      policyDigest: policyDigest, actor: try optionalText("actor"), occurredAt: moment,
      hash: hash)
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
