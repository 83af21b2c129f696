import BudgetLedger
import LibPQ
import TrustBudget

/// A break-glass event, and where it stands in the order in which its trail is followed.
struct MirroredEvent: TrailRow {
  /// The identity that PostgreSQL gave it; with gaps, and not in the order of commits.
  let eventID: Int64
  /// The ledger's epoch when it came to PostgreSQL.
  let epoch: Int64
  /// The transaction that brought it there.
  let transactionID: Int64
  /// PostgreSQL's clock then.
  let recordedAt: Timestamp
  let event: BreakGlassEvent

  var position: TrailPosition {
    TrailPosition(epoch: epoch, transactionID: transactionID, number: eventID)
  }

  var place: TrailPlace {
    TrailPlace(chain: .journal(event.journalID), sequence: event.sequence)
  }

  static let table = "break_glass_events"
  static let chainColumn = (name: "journal_id", type: "uuid")
  static let sequenceColumn = "node_seq"
  static let numberColumn = "event_id"
  static let clockColumn = "recorded_at"
  static let awaitedTable = "break_glass_awaited"
  static func chain(_ name: String) -> TrailChain { .journal(name) }

  static let columns = "event_id, epoch, transaction_id, recorded_at, \(BreakGlassEvent.columns)"

  func differences(from other: MirroredEvent) -> [String] {
    let (a, b) = (event, other.event)
    let columns: [(String, Bool)] = [
      ("epoch", epoch == other.epoch), ("recorded_at", recordedAt == other.recordedAt),
      ("journal_id", isSame(a.journalID, b.journalID)), ("node_seq", a.sequence == b.sequence),
      ("node", isSame(a.node, b.node)), ("username", isSame(a.username, b.username)),
      ("reason", isSame(a.reason, b.reason)), ("ticket", isSame(a.ticket, b.ticket)),
      ("approvers", a.approvers.elementsEqual(b.approvers, by: isSame)),
      ("principals", a.principals.elementsEqual(b.principals, by: isSame)),
      ("max_duration", isSame(a.maxDuration, b.maxDuration)),
      ("max_duration_seconds", a.maxDurationSeconds == b.maxDurationSeconds),
      (
        "requested_duration_seconds",
        a.requestedDurationSeconds == b.requestedDurationSeconds
      ),
      ("request_id", isSame(a.requestID, b.requestID)), ("request", isSame(a.request, b.request)),
      ("policy_digest", a.policyDigest == b.policyDigest), ("actor", isSame(a.actor, b.actor)),
      ("occurred_at", a.occurredAt == b.occurredAt), ("hash", a.hash == b.hash),
    ]
    return columns.filter { !$0.1 }.map(\.0)
  }
}

extension MirroredEvent {
  init(decoding row: inout PostgresRow) throws {
    let (eventID, epoch) = (try row.next(Int64.self), try row.next(Int64.self))
    let transactionID = Int64(clamping: try row.next(UInt64.self))
    let recordedAt = try row.next(PostgresTimestamp.self)
    let event = try BreakGlassEvent(decoding: &row)
    do {
      self.init(
        eventID: eventID, epoch: epoch, transactionID: transactionID,
        recordedAt: try Timestamp(recordedAt), event: event)
    } catch {
      throw TrailFault(
        unreadable: .journal(event.journalID), sequence: event.sequence, number: eventID, error)
    }
  }
}
