import GRDB
import TrustBudget

// Break-glass events into the file, and back out of it.

/// Appends events; one that is there already gets its new place.
struct PutEvent {
  private var statement: FileStatement

  init(_ db: Database) throws {
    statement = try FileStatement(
      db,
      """
      INSERT OR REPLACE INTO break_glass_events
      VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
      """)
  }

  mutating func run(_ row: MirroredEvent) throws {
    let event = row.event
    statement.put(row.eventID)
    statement.put(row.epoch)
    statement.put(row.transactionID)
    statement.put(event.journalID)
    statement.put(event.sequence)
    statement.put(event.node)
    statement.put(event.username)
    statement.put(event.reason)
    statement.put(event.ticket)
    statement.put(event.approvers)
    statement.put(event.principals)
    statement.put(event.maxDuration)
    statement.put(event.maxDurationSeconds)
    statement.put(event.requestedDurationSeconds)
    statement.put(event.requestID)
    statement.put(event.request)
    statement.put(event.policyDigest)
    statement.put(event.actor)
    statement.put(event.occurredAt.sortableText)
    statement.put(row.recordedAt.sortableText)
    statement.put(event.hash)
    try statement.run()
  }
}

extension MirroredEvent {
  static let fileColumns = """
    event_id, epoch, transaction_id, recorded_at, journal_id, node_seq, node, username, reason, \
    ticket, approvers, principals, max_duration, max_duration_seconds, \
    requested_duration_seconds, request_id, request, policy_digest, actor, occurred_at, hash
    """

  init(reading row: inout FileStatement) throws(InvalidValue) {
    self.init(
      eventID: try row.count(), epoch: try row.count(), transactionID: try row.count(),
      recordedAt: try row.moment(),
      event: BreakGlassEvent(
        journalID: try row.text(), sequence: try row.count(), node: try row.text(),
        username: try row.text(), reason: try row.text(), ticket: try row.optionalText(),
        approvers: try row.list(), principals: try row.list(), maxDuration: try row.text(),
        maxDurationSeconds: try row.number(),
        requestedDurationSeconds: try row.optionalNumber(), requestID: try row.text(),
        request: try row.text(), policyDigest: try row.digest(), actor: try row.optionalText(),
        occurredAt: try row.moment(), hash: try row.digest()))
  }
}
