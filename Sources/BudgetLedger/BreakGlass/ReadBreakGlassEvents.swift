import LibPQ
import TrustBudget

extension BreakGlassEvent {
  /// The columns that `init(decoding:)` reads, in its order. A bare `journal_id` in an ORDER BY would be
  /// the text among them, which no index has, and which sorts as the database's language does.
  package static let columns = """
    journal_id::text, node_seq, node, username, reason, ticket, approvers, principals, \
    max_duration, max_duration_seconds, requested_duration_seconds, request_id, request, \
    policy_digest, actor, occurred_at, hash
    """

  /// - Parameter isEvidence: see ``Entry/init(decoding:isEvidence:)``.
  /// - Throws: `TrailFault` for what no program of ours has written, or what reading the row throws.
  package init(decoding row: inout PostgresRow, isEvidence: Bool = true) throws {
    let (journalID, sequence) = (try row.next(String.self), try row.next(Int64.self))
    do {
      self.init(
        journalID: journalID,
        sequence: sequence,
        node: try row.next(String.self),
        username: try row.next(String.self),
        reason: try row.next(String.self),
        ticket: try row.next(String?.self),
        approvers: try row.next([String].self),
        principals: try row.next([String].self),
        maxDuration: try row.next(String.self),
        maxDurationSeconds: try row.next(Int64.self),
        requestedDurationSeconds: try row.next(Int64?.self),
        requestID: try row.next(String.self),
        request: try row.next(String.self),
        policyDigest: try row.next(Digest.self),
        actor: try row.next(String?.self),
        occurredAt: try Timestamp(try row.next(PostgresTimestamp.self), isExact: isEvidence),
        hash: try row.next(Digest.self))
    } catch let problem as InvalidValue {
      throw TrailFault(unreadable: .journal(journalID), sequence: sequence, problem)
    }
  }
}

/// Every event, each journal's in their order: what a verification reads.
struct ReadBreakGlassTrail: PostgresStatement {
  struct Row {
    let journalID: String
    let epoch: Int64
    let event: Result<BreakGlassEvent, TrailFault>
  }

  static let sql = """
    SELECT journal_id::text, epoch, \(BreakGlassEvent.columns)
    FROM trust_budget.break_glass_events
    ORDER BY break_glass_events.journal_id, node_seq
    """

  static func decode(_ row: inout PostgresRow) throws -> Row {
    let (journalID, epoch) = (try row.next(String.self), try row.next(Int64.self))
    let event: Result<BreakGlassEvent, TrailFault>
    do {
      event = .success(try BreakGlassEvent(decoding: &row))
    } catch let fault as TrailFault {
      row.skipRest()
      event = .failure(fault)
    }
    return Row(journalID: journalID, epoch: epoch, event: event)
  }
}

/// The events that are recorded under some request ids, in any journal; the oldest first.
struct FindBreakGlassRequests: PostgresStatement {
  static let sql = """
    SELECT \(BreakGlassEvent.columns) FROM trust_budget.break_glass_events
    WHERE request_id = ANY ($1)
    ORDER BY occurred_at, break_glass_events.journal_id, node_seq
    """
  static let parameterTypes: [PostgresType] = [.textArray]

  let ids: [String]

  func bind(_ parameters: inout PostgresParameters) { parameters.append(ids) }

  static func decode(_ row: inout PostgresRow) throws -> BreakGlassEvent {
    try BreakGlassEvent(decoding: &row, isEvidence: false)
  }
}

/// The newest event of a journal.
struct ReadBreakGlassHead: PostgresStatement {
  static let sql = """
    SELECT node_seq, hash FROM trust_budget.break_glass_events
    WHERE journal_id = $1::uuid ORDER BY node_seq DESC LIMIT 1
    """
  static let parameterTypes: [PostgresType] = [.text]

  let journalID: String

  func bind(_ parameters: inout PostgresParameters) { parameters.append(journalID) }

  static func decode(_ row: inout PostgresRow) throws -> (sequence: Int64, hash: Digest) {
    (try row.next(Int64.self), try row.next(Digest.self))
  }
}

/// The hashes of a stretch of a journal, by number.
struct BreakGlassRange: PostgresStatement {
  static let sql = """
    SELECT node_seq, hash FROM trust_budget.break_glass_events
    WHERE journal_id = $1::uuid AND node_seq BETWEEN $2 AND $3
    """
  static let parameterTypes: [PostgresType] = [.text, .int8, .int8]

  let journalID: String
  let from: Int64
  let through: Int64

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(journalID)
    parameters.append(from)
    parameters.append(through)
  }

  static func decode(_ row: inout PostgresRow) throws -> (Int64, Digest) {
    (try row.next(Int64.self), try row.next(Digest.self))
  }
}

/// How many events there were since a moment, and when the newest was.
struct CountBreakGlassEvents: PostgresStatement {
  static let sql = """
    SELECT count(*), max(occurred_at) FROM trust_budget.break_glass_events WHERE occurred_at > $1
    """
  static let parameterTypes: [PostgresType] = [.timestamptz]

  let since: Timestamp

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(PostgresTimestamp(since))
  }

  static func decode(_ row: inout PostgresRow) throws -> (Int64, Timestamp?) {
    (try row.next(Int64.self), try row.next(PostgresTimestamp?.self).map(Timestamp.init(nearest:)))
  }
}
