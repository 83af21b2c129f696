import LibPQ
import TrustBudget

/// The session whose open transaction keeps the horizon back, as far as the role may see it: nothing
/// that was committed since reaches the mirrors.
package struct HorizonHolder: Hashable, Sendable {
  /// nil for a prepared transaction, which no session has open.
  package let processID: Int64?
  package let user: String?
  package let applicationName: String?
  package let database: String?
  /// When its transaction began; nil where the role lacks `pg_read_all_stats`.
  package let since: Timestamp?
  /// The name of a prepared transaction.
  package let preparedTransaction: String?

  package init(
    processID: Int64?, user: String?, applicationName: String?, database: String?,
    since: Timestamp?, preparedTransaction: String?
  ) {
    self.processID = processID
    self.user = user
    self.applicationName = applicationName
    self.database = database
    self.since = since
    self.preparedTransaction = preparedTransaction
  }
}

extension HorizonHolder: CustomStringConvertible {
  /// For people: `pid 4711, user dba, application psql, since 2026-01-02T03:04:05Z`, or
  /// `the prepared transaction tx-1, user dba, database app, since …`.
  package var description: String {
    var parts: [String] = []
    if let preparedTransaction { parts.append("the prepared transaction \(preparedTransaction)") }
    if let processID { parts.append("pid \(processID)") }
    if let user { parts.append("user \(user)") }
    if let applicationName, !applicationName.isEmpty {
      parts.append("application \(applicationName)")
    }
    // A prepared transaction can be ended only from its own database.
    if let database { parts.append("database \(database)") }
    if let since { parts.append("since \(since)") }
    return parts.joined(separator: ", ")
  }
}

/// Who has the oldest open transaction, in whatever database of the cluster.
package struct FindHorizonHolder: PostgresStatement {
  package static let sql = """
    WITH horizon AS (
        SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::numeric % 4294967296)::text::xid AS id
    )
    SELECT a.pid::bigint, a.usename::text, a.application_name, a.datname::text, a.xact_start,
           NULL::text
    FROM pg_stat_activity AS a, horizon WHERE a.backend_xid = horizon.id
    UNION ALL
    SELECT NULL, p.owner::text, NULL, p.database::text, p.prepared, p.gid
    FROM pg_prepared_xacts AS p, horizon WHERE p.transaction = horizon.id
    LIMIT 1
    """

  package init() {}

  package static func decode(_ row: inout PostgresRow) throws -> HorizonHolder {
    HorizonHolder(
      processID: try row.next(Int64?.self), user: try row.next(String?.self),
      applicationName: try row.next(String?.self), database: try row.next(String?.self),
      since: try row.next(PostgresTimestamp?.self).map(Timestamp.init(nearest:)),
      preparedTransaction: try row.next(String?.self))
  }
}
