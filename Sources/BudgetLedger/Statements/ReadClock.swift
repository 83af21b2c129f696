import LibPQ
import TrustBudget

/// The database's clock, for those who only read.
struct ReadClock: PostgresStatement {
  static let name: String? = "read_clock"
  static let sql = "SELECT clock_timestamp()"

  static func decode(_ row: inout PostgresRow) throws -> Timestamp {
    try Timestamp(try row.next(PostgresTimestamp.self))
  }
}
