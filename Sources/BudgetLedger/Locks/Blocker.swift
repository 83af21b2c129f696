import LibPQ
import TrustBudget

/// A session that holds what is waited for.
package struct Blocker: Hashable, Sendable, CustomStringConvertible {
  /// 0: a prepared transaction, which has no process.
  package let processID: Int32
  package let application: String?
  package let user: String?
  /// When its transaction began.
  package let since: Timestamp?
  /// The beginning of its current or last statement; nil where our role may not see it.
  package let query: String?

  package var description: String {
    guard processID != 0 else { return "a prepared transaction (see pg_prepared_xacts)" }
    var text = "process \(processID)"
    if let application, !application.isEmpty { text += " (\(application))" }
    if let user { text += " of \(user)" }
    if let since { text += ", in a transaction since \(since)" }
    if let query, !query.isEmpty { text += ", last statement: \(query)" }
    return text
  }

  /// `Blocked by process 4711 …`
  package static func sentence(_ blockers: [Blocker]) -> String {
    blockers.isEmpty
      ? "Nobody was seen to hold them."
      : "Blocked by \(blockers.map(\.description).joined(separator: "; "))."
  }
}

/// Who holds up a server process.
struct ReadBlockers: PostgresStatement {
  static let sql = """
    SELECT blocker.pid, a.application_name, a.usename::text, a.xact_start,
           left(regexp_replace(a.query, '\\s+', ' ', 'g'), 120)
    FROM unnest(pg_blocking_pids($1)) AS blocker (pid)
    LEFT JOIN pg_stat_activity AS a ON a.pid = blocker.pid
    ORDER BY a.xact_start
    """
  static let parameterTypes: [PostgresType] = [.int4]

  let processID: Int32

  func bind(_ parameters: inout PostgresParameters) { parameters.append(processID) }

  static func decode(_ row: inout PostgresRow) throws -> Blocker {
    Blocker(
      processID: try row.next(Int32.self), application: try row.next(String?.self),
      user: try row.next(String?.self),
      since: try row.next(PostgresTimestamp?.self).map(Timestamp.init(nearest:)),
      query: try row.next(String?.self))
  }
}
