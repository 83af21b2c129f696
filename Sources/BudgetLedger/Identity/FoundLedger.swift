import LibPQ
import TrustBudget

/// The ledger as a session found it.
///
/// A new epoch, a copy that was restored in its place, another ledger: each has the row written anew that says
/// which ledger this is. So a session that finds it written by another transaction than before knows
/// nothing of the ledger any more.
struct FoundLedger: Hashable, Sendable {
  let identity: LedgerIdentity
  /// The row's `xmin`.
  let writer: Int64
}

struct ReadLedger: PostgresStatement {
  static let name: String? = "read_ledger"
  static let sql = "SELECT id::text, epoch, xmin::text::bigint FROM trust_budget.ledger"

  static func decode(_ row: inout PostgresRow) throws -> FoundLedger {
    FoundLedger(
      identity: LedgerIdentity(id: try row.next(String.self), epoch: try row.next(Int64.self)),
      writer: try row.next(Int64.self))
  }
}
