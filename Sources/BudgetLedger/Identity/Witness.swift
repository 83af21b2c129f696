import Synchronization
import TrustBudget

/// What this node has seen committed, wherever it is to be: the newest entry of each lane.
///
/// Noted with every COMMIT that was answered, so that no answer of this node can be lost in a
/// failover without the node noticing. What a lane has seen before its newest entry was committed
/// before it; another lane's newest entry may have been committed in between, or not yet.
final class Witness: Sendable {
  private struct State {
    /// As a session found it last.
    var ledger: LedgerIdentity?
    /// An entry that was there when the node began to look.
    var first: TrailHead?
    var newest: [Int: TrailHead] = [:]
    var isConfirmed = false
    /// A COMMIT was given up that may still wait for the standby, and none was answered since.
    var hasOverdueCommit = false

    var heads: [TrailHead] { [first].compactMap(\.self) + newest.values }
  }

  private let state = Mutex(State())

  var heads: [TrailHead] { state.withLock { $0.heads } }

  /// Whether the last COMMIT is known to be on the synchronous standby, too, where there is one.
  var isConfirmed: Bool { state.withLock { $0.isConfirmed } }

  /// Whether the standby may be away: the last COMMIT did not come back in time.
  var hasOverdueCommit: Bool { state.withLock { $0.hasOverdueCommit } }

  /// Whether it has seen an entry committed in an epoch, and nothing was in doubt since. A ledger that was
  /// empty is looked at again: others may have charged.
  func knows(_ ledger: LedgerIdentity) -> Bool {
    state.withLock { state in
      state.isConfirmed && state.heads.contains { $0.ledger.epoch == ledger.epoch }
    }
  }

  /// Notes the ledger that a session has found.
  ///
  /// - Throws: `SchemaProblem.epochWentBack`: of an epoch in which nothing was charged there is no entry
  ///   that could be missed.
  func see(_ ledger: LedgerIdentity) throws(SchemaProblem) {
    try state.withLock { state throws(SchemaProblem) in
      if let known = state.ledger, known.id == ledger.id, known.epoch > ledger.epoch {
        throw .epochWentBack(found: ledger.epoch, seen: known.epoch)
      }
      state.ledger = ledger
    }
  }

  /// Notes a COMMIT that was answered, and the last entry that it wrote; nil: it wrote none.
  func note(_ head: TrailHead?, lane: Int) {
    state.withLock { state in
      (state.isConfirmed, state.hasOverdueCommit) = (true, false)
      if let head { state.newest[lane] = head }
    }
  }

  /// Notes a COMMIT of which nobody knows whether it would survive a failover.
  ///
  /// - Parameter isOverdue: whether it was given up, and may still be under way.
  func noteUnconfirmed(isOverdue: Bool) {
    state.withLock { state in
      state.isConfirmed = false
      state.hasOverdueCommit = state.hasOverdueCommit || isOverdue
    }
  }

  /// Notes an entry that is there to stay, for a node that has seen none of this epoch committed; nil:
  /// there is none.
  ///
  /// It stands for no lane's: of two entries the one with the later transaction may have been
  /// committed first.
  func begin(with head: TrailHead?) {
    state.withLock { state in
      (state.isConfirmed, state.hasOverdueCommit) = (true, false)
      guard let head, state.heads.allSatisfy({ $0.ledger.epoch < head.ledger.epoch }) else {
        return
      }
      (state.first, state.newest) = (head, [:])
    }
  }
}
