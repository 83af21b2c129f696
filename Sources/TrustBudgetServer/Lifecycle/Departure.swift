import ServiceLifecycle
import Synchronization

/// The time between being told to end and closing the door.
///
/// A load balancer learns that a node goes only by asking it. So a node that is told to end says so
/// at `/healthz` and `/readyz`, and goes on answering for a while; only then does it stop accepting.
/// This must be the last service of its group: the group stops its services from the last to the
/// first, each when the one before it has ended.
package final class Departure: Service {
  private let delay: Duration
  private let hasBegun = Atomic(false)
  private let onBeginning: @Sendable () -> Void

  /// - Parameters:
  ///   - delay: how long to go on answering; longer than the load balancer needs to notice.
  ///   - onBeginning: told when it begins.
  package init(delay: Duration, onBeginning: @escaping @Sendable () -> Void = {}) {
    self.delay = delay
    self.onBeginning = onBeginning
  }

  /// Whether the node was told to end.
  var isUnderWay: Bool { hasBegun.load(ordering: .relaxed) }

  package func run() async throws {
    try await gracefulShutdown()
    hasBegun.store(true, ordering: .relaxed)
    onBeginning()
    try await Task.sleep(for: delay)
  }
}
