import LibPQ
import TrustBudget

/// The database's clock, and whether the ledger is still the one that the session was checked with, as a
/// statement of its own that follows the locks.
///
/// Read before the wait for a lock, the clock would run backwards along a budget's entries, and the ledger
/// could be replaced in the meantime. From here on to the COMMIT it cannot: having been read, its
/// table is locked as those of the budgets are.
struct ReadMoment: PostgresStatement {
  static let name: String? = "read_moment"
  // The condition has its row found by the key.
  static let sql = """
    SELECT clock_timestamp(), xmin::text::bigint FROM trust_budget.ledger WHERE only_row
    """

  static func decode(_ row: inout PostgresRow) throws -> Moment {
    Moment(
      now: try Timestamp(try row.next(PostgresTimestamp.self)),
      ledgerWriter: try row.next(Int64.self))
  }
}

/// What time it is, and which transaction wrote the ledger's row.
struct Moment: Sendable {
  let now: Timestamp
  let ledgerWriter: Int64
}
