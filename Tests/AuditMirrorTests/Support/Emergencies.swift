import BudgetLedger
import LibPQ
import TrustBudget
import TrustBudgetTesting

/// A node's journal, without the node.
struct Emergencies: Sendable {
  private(set) var chain: BreakGlassChain

  /// - Parameter number: tells the journal's id from others.
  init(_ number: Int = 1) {
    let digits = String(number)
    let zeros = String(repeating: "0", count: 12 - digits.count)
    chain = BreakGlassChain(journalID: "00000000-0000-4000-8000-\(zeros)\(digits)")
  }

  var journalID: String { chain.journalID }

  /// Makes the next events.
  mutating func next(_ count: Int = 1, username: String = "alice") throws -> [BreakGlassEvent] {
    try (0..<count).map { _ in
      let number = chain.sequence + 1
      let request = BreakGlassIssuance(
        requestID: try RequestID("emergency-\(journalID.suffix(4))-\(number)-x"),
        content: RequestContent([username, "\(number)"]), username: try Username(username),
        // An accent on a quote is one character with it, and what is no UTF-8 is repaired to the last one.
        reason: "fire, \"smoke\"\u{301}\nand Größe \(number) \u{FFFD}",
        ticket: number.isMultiple(of: 2) ? "INC-\(number)" : nil,
        approvers: number.isMultiple(of: 3) ? [] : ["bob", "eve, \"the other\""],
        principals: ["root", "Größe \\ \u{1}"], maxDuration: "60s", maxDurationSeconds: 60,
        requestedDurationSeconds: number.isMultiple(of: 4) ? 60 : nil,
        policyDigest: Digest(hashing: []), actor: number.isMultiple(of: 5) ? "ca-1" : nil)
      return chain.append(
        request, node: "node-1",
        at: Timestamp(microseconds: 1_767_225_600_123_456 + number * 1_000_001))
    }
  }
}

extension TestDatabase {
  /// Brings events to PostgreSQL as a node does.
  func record(_ events: [BreakGlassEvent]) async throws {
    let trail = try BreakGlassTrail(
      connectionString: connectionString, settings: LedgerSettings(node: "node-1"))
    do {
      try await trail.append(events)
      await trail.close()
    } catch {
      await trail.close()
      throw error
    }
  }

  /// Every event as PostgreSQL has it, in the order in which the trail is followed.
  func emergencies() async throws -> [[String?]] {
    try await query(
      """
      SELECT event_id, epoch, transaction_id, journal_id, node_seq, node, username, reason, ticket,
             to_json(approvers), to_json(principals), max_duration, max_duration_seconds,
             requested_duration_seconds, request_id, request, encode(policy_digest, 'hex'), actor,
             to_char(occurred_at, 'YYYY-MM-DD HH24:MI:SS.US'),
             to_char(recorded_at, 'YYYY-MM-DD HH24:MI:SS.US'), encode(hash, 'hex')
      FROM trust_budget.break_glass_events ORDER BY epoch, transaction_id, event_id
      """)
  }
}

extension MirrorFile {
  var events: Int { count("SELECT count(*) FROM break_glass_events") }

  /// Every event, in the order in which they were written.
  func emergencies() throws -> [[String?]] {
    try query(
      """
      SELECT CAST(event_id AS TEXT), CAST(epoch AS TEXT), CAST(transaction_id AS TEXT), journal_id,
             CAST(node_seq AS TEXT), node, username, reason, ticket, approvers, principals,
             max_duration, CAST(max_duration_seconds AS TEXT),
             CAST(requested_duration_seconds AS TEXT), request_id, request,
             lower(hex(policy_digest)), actor, occurred_at, recorded_at, lower(hex(hash))
      FROM break_glass_events ORDER BY rowid
      """)
  }
}
