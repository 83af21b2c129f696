import Synchronization
import TrustBudget

/// What this node has seen committed: the newest entry of each lane.
///
/// Noted with every COMMIT that was answered, so that no answer of this node can be lost in a
/// failover without the node noticing. What a lane has seen before its newest entry was committed
/// before it; another lane's newest entry may have been committed in between, or not yet.
final class Witness: Sendable {
  private let newest = Mutex<[Int: TrailHead]>([:])

  var heads: [TrailHead] { newest.withLock { Array($0.values) } }

  /// Notes an entry whose COMMIT was answered to a lane.
  func note(_ head: TrailHead, lane: Int) {
    newest.withLock { $0[lane] = head }
  }

  /// Notes an entry that is there, for a node that has seen none of this epoch committed.
  ///
  /// It stands for none of them: of two entries the one with the later transaction may have been
  /// committed first.
  func begin(with head: TrailHead, lane: Int) {
    newest.withLock { newest in
      guard newest.values.allSatisfy({ $0.ledger.epoch < head.ledger.epoch }) else { return }
      newest = [lane: head]
    }
  }
}
