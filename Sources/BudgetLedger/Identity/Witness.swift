import Synchronization

/// The newest entry that any lane of this node has seen committed.
///
/// Noted with every COMMIT that was answered, so that no answer of this node can be lost in a
/// failover without the node noticing.
final class Witness: Sendable {
  private let newest = Mutex<TrailHead?>(nil)

  var head: TrailHead? { newest.withLock { $0 } }

  func note(_ head: TrailHead) {
    newest.withLock { $0 = head }
  }
}
