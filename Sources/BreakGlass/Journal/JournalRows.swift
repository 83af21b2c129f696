import Foundation
import GRDB
import TrustBudget

/// What a journal's file holds, while it is accessed.
struct JournalRows {
  /// The most events; with more, numbers of them would not be JSON's any more.
  private static let longest: Int64 = 1 << 53

  let database: Database
  let journalID: String

  /// Goes through all of it.
  ///
  /// - Returns: the chain's end.
  /// - Throws: `TrailFault`, `InvalidValue`, `JournalProblem.corrupt` or `DatabaseError` where it is not what a
  ///   node wrote.
  func verified() throws -> BreakGlassChain {
    let report = try String.fetchAll(database, sql: "PRAGMA quick_check(3)")
    guard report == ["ok"] else { throw JournalProblem.corrupt(report.joined(separator: "; ")) }
    var chain = BreakGlassChain(journalID: journalID)
    let rows = try Row.fetchCursor(
      database,
      sql: "SELECT \(BreakGlassEvent.columns) FROM break_glass_events ORDER BY node_seq")
    while let row = try rows.next() {
      try chain.verify(try BreakGlassEvent(row: row, journalID: journalID))
    }
    return chain
  }

  /// The chain's end, as the newest event says.
  func head() throws -> BreakGlassChain {
    let row = try Row.fetchOne(
      database,
      sql: "SELECT node_seq, hash FROM break_glass_events ORDER BY node_seq DESC LIMIT 1")
    guard let row else { return BreakGlassChain(journalID: journalID) }
    let sequence: Int64 = row["node_seq"]
    guard let hash = Digest(bytes: Array(row["hash"] as Data)) else {
      throw JournalProblem.corrupt("event \(sequence) has no hash")
    }
    // Nobody has had so many emergencies: somebody else wrote that while the journal was open.
    guard sequence <= JournalRows.longest else {
      throw JournalProblem.corrupt("event \(sequence) is none that was numbered here")
    }
    return BreakGlassChain(journalID: journalID, sequence: sequence, hash: hash)
  }

  func event(_ id: RequestID) throws -> BreakGlassEvent? {
    try events("WHERE request_id = ?", [id.value]).first
  }

  /// Events that follow one, in their order.
  func events(after sequence: Int64, limit: Int) throws -> [BreakGlassEvent] {
    try events("WHERE node_seq > ? ORDER BY node_seq LIMIT ?", [sequence, limit])
  }

  /// A page of events, the newest first.
  func page(before place: BreakGlassPlace?, limit: Int) throws -> [BreakGlassEvent] {
    // Of events with the time of `place`, those of a journal that sorts before it follow.
    let beforeSequence =
      switch place {
      case nil: Int64.max
      case .some(let place) where place.journalID == journalID: place.sequence
      case .some(let place): place.journalID > journalID ? Int64.max : 0
      }
    return try events(
      """
      WHERE (occurred_at, node_seq) < (?, ?)
      ORDER BY occurred_at DESC, node_seq DESC LIMIT ?
      """,
      [place?.occurredAt.sortableText ?? "9", beforeSequence, limit])
  }

  /// How many events there were since a moment, and when the newest was.
  func count(since moment: Timestamp) throws -> (count: Int64, newest: Timestamp?) {
    let row = try Row.fetchOne(
      database,
      sql: "SELECT count(*), max(occurred_at) FROM break_glass_events WHERE occurred_at > ?",
      arguments: [moment.sortableText])
    return (row?[0] ?? 0, (row?[1] as String?).flatMap { Timestamp($0) })
  }

  private func events(
    _ condition: String, _ arguments: StatementArguments
  ) throws -> [BreakGlassEvent] {
    try Row.fetchAll(
      database,
      sql: "SELECT \(BreakGlassEvent.columns) FROM break_glass_events \(condition)",
      arguments: arguments
    ).map { try BreakGlassEvent(row: $0, journalID: journalID) }
  }
}
