import BudgetLedger
import LibPQ
import TrustBudget

/// What can be read now without missing anything: all that transactions below the horizon wrote.
///
/// A transaction that began earlier may still commit, with lower numbers than those that are there.
/// Below `pg_snapshot_xmin` all are over. Rows of an earlier epoch are all final: a new one begins
/// under an exclusive lock.
struct TrailWindow: Hashable, Sendable {
  let ledger: LedgerIdentity
  /// No transaction below this one is still open.
  let horizon: Int64
  /// The first transaction that had not begun: every one that had committed has a lower number.
  let nextTransaction: Int64
  /// Rows are committed that the window does not reach yet.
  let isHeldBack: Bool
  /// A COMMIT waits for a standby: rows can be read that it does not have yet.
  var hasSynchronousStandby = false
  /// The database's clock when the window was fixed.
  let moment: Timestamp
  /// All that was committed by then is in the file, once the window is.
  var completeAsOf: Timestamp?

  /// Whether it is of the ledger that a file is a copy of, in the same epoch or a later one.
  ///
  /// - Throws: `MirrorRefusal.foreignLedger`, `MirrorRefusal.epochWentBack`.
  func requireContinuation(of copied: LedgerIdentity) throws(MirrorRefusal) {
    guard ledger.id == copied.id else {
      throw .foreignLedger(found: ledger.id, expected: copied.id)
    }
    guard ledger.epoch >= copied.epoch else {
      throw .epochWentBack(found: ledger.epoch, expected: copied.epoch)
    }
  }
}

extension LedgerIdentity {
  /// - Throws: `MirrorRefusal.unbegunEpoch` for an epoch that it has not been in. Rows before epoch 1 would be
  ///   passed by, and those of a later epoch look as if they came from a dump.
  fileprivate func requireBegun(_ found: Int64) throws(MirrorRefusal) {
    guard !hasBegun(found) else { return }
    throw .unbegunEpoch(found: found, ledger: epoch)
  }
}

struct ReadTrailWindow: PostgresStatement {
  static let name: String? = "read_trail_window"
  static let sql = """
    SELECT l.id::text, l.epoch, pg_snapshot_xmin(now.snapshot), pg_snapshot_xmax(now.snapshot),
           least((SELECT min(e.epoch) FROM trust_budget.audit_entries AS e),
                 (SELECT min(e.epoch) FROM trust_budget.break_glass_events AS e)),
           greatest((SELECT max(e.epoch) FROM trust_budget.audit_entries AS e),
                    (SELECT max(e.epoch) FROM trust_budget.break_glass_events AS e)),
           EXISTS (SELECT FROM trust_budget.audit_entries AS e
                   WHERE (e.epoch, e.transaction_id) >= (l.epoch, pg_snapshot_xmin(now.snapshot)))
             OR EXISTS (SELECT FROM trust_budget.break_glass_events AS e
                        WHERE (e.epoch, e.transaction_id)
                                >= (l.epoch, pg_snapshot_xmin(now.snapshot))),
           NOT (SELECT is_original FROM trust_budget.server())
             OR EXISTS (SELECT FROM trust_budget.audit_entries AS e
                        WHERE (e.epoch, e.transaction_id)
                                >= (l.epoch, pg_snapshot_xmax(now.snapshot)))
             OR EXISTS (SELECT FROM trust_budget.break_glass_events AS e
                        WHERE (e.epoch, e.transaction_id)
                                >= (l.epoch, pg_snapshot_xmax(now.snapshot))),
           current_setting('synchronous_standby_names') <> '',
           clock_timestamp()
    FROM trust_budget.ledger AS l CROSS JOIN (SELECT pg_current_snapshot() AS snapshot) AS now
    """

  static func decode(_ row: inout PostgresRow) throws -> TrailWindow {
    let ledger = LedgerIdentity(id: try row.next(String.self), epoch: try row.next(Int64.self))
    let horizon = Int64(clamping: try row.next(UInt64.self))
    let nextTransaction = Int64(clamping: try row.next(UInt64.self))
    for epoch in [try row.next(Int64?.self), try row.next(Int64?.self)].compactMap(\.self) {
      try ledger.requireBegun(epoch)
    }
    let isHeldBack = try row.next(Bool.self)
    // From a dump, the numbers are another server's, and say nothing of what is over. What can be read was
    // committed, so by this server's own numbers it would be below the next one.
    guard try !row.next(Bool.self) else { throw SchemaProblem.restored(otherServer: false) }
    return TrailWindow(
      ledger: ledger, horizon: horizon, nextTransaction: nextTransaction, isHeldBack: isHeldBack,
      hasSynchronousStandby: try row.next(Bool.self),
      moment: Timestamp(nearest: try row.next(PostgresTimestamp.self)))
  }
}
