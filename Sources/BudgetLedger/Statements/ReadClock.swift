import LibPQ
import TrustBudget

/// The database's clock, as a statement of its own that follows the locks: read before the wait for
/// a lock, it would run backwards along a budget's entries.
struct ReadClock: PostgresStatement {
  static let name: String? = "read_clock"
  static let sql = "SELECT clock_timestamp()"

  static func decode(_ row: inout PostgresRow) throws -> Timestamp {
    Timestamp(try row.next(PostgresTimestamp.self))
  }
}
