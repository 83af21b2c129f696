import LibPQ
import TrustBudget

/// A page of the trail, the newest first.
package struct BreakGlassQuery: PostgresStatement {
  package static let sql = """
    SELECT \(BreakGlassEvent.columns)
    FROM trust_budget.break_glass_events
    WHERE (occurred_at, journal_id, node_seq) < ($1, $2::uuid, $3)
    ORDER BY occurred_at DESC, break_glass_events.journal_id DESC, node_seq DESC
    LIMIT $4
    """
  package static let parameterTypes: [PostgresType] = [.timestamptz, .text, .int8, .int8]

  let before: BreakGlassPlace?
  let limit: Int

  /// - Parameter before: the last event of the page before; nil for the newest.
  package init(before: BreakGlassPlace?, limit: Int) {
    self.before = before
    self.limit = limit
  }

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.append(before.map { PostgresTimestamp($0.occurredAt) } ?? .infinity)
    parameters.append(before?.journalID ?? "ffffffff-ffff-ffff-ffff-ffffffffffff")
    parameters.append(before?.sequence ?? .max)
    parameters.append(Int64(limit))
  }

  package static func decode(_ row: inout PostgresRow) throws -> BreakGlassEvent {
    try BreakGlassEvent(decoding: &row, isEvidence: false)
  }
}
