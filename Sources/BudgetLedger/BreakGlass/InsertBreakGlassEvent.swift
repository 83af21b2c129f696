import LibPQ
import TrustBudget

/// Appends an event in the ledger's epoch, unless its journal has one with its number.
struct InsertBreakGlassEvent: PostgresStatement {
  typealias Row = Void

  static let columns = """
    epoch, journal_id, node_seq, node, username, reason, ticket, approvers, principals, \
    max_duration, max_duration_seconds, requested_duration_seconds, request_id, request, \
    policy_digest, actor, occurred_at, hash
    """

  static let name: String? = "insert_break_glass_event"
  static let sql = """
    INSERT INTO trust_budget.break_glass_events (\(columns))
    SELECT l.epoch, $1::uuid, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17
    FROM trust_budget.ledger AS l
    ON CONFLICT (journal_id, node_seq) DO NOTHING
    """
  static let parameterTypes: [PostgresType] = [
    .text, .int8, .text, .text, .text, .text, .textArray, .textArray, .text, .int8, .int8, .text,
    .text, .bytea, .text, .timestamptz, .bytea,
  ]

  let event: BreakGlassEvent

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(event.journalID)
    parameters.append(event.sequence)
    parameters.append(event.node)
    parameters.append(event.username)
    parameters.append(event.reason)
    parameters.append(event.ticket)
    parameters.append(event.approvers)
    parameters.append(event.principals)
    parameters.append(event.maxDuration)
    parameters.append(event.maxDurationSeconds)
    parameters.append(event.requestedDurationSeconds)
    parameters.append(event.requestID)
    parameters.append(event.request)
    parameters.append(event.policyDigest)
    parameters.append(event.actor)
    parameters.append(PostgresTimestamp(event.occurredAt))
    parameters.append(event.hash)
  }
}
