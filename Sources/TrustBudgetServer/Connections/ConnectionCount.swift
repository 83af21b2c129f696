import PrometheusExposition
import Synchronization

/// The connections of a node, on all its addresses.
final class ConnectionCount: Sendable {
  /// Why a node ended a connection that its caller would have kept.
  enum Ending: String, CaseIterable {
    case tooMany = "too-many"
    case slowRequest = "slow-request"
    case unreadAnswer = "unread-answer"
  }

  private let limit: Int
  let metrics: NodeMetrics
  private let open = Atomic(0)
  private let endings = Mutex<[Ending: Int]>([:])

  init(limit: Int, metrics: NodeMetrics) {
    self.limit = limit
    self.metrics = metrics
  }

  /// - Returns: whether one more may be open. Whatever the answer, it counts until ``left()``.
  func entered() -> Bool {
    open.add(1, ordering: .relaxed).newValue <= limit
  }

  func left() {
    open.subtract(1, ordering: .relaxed)
  }

  func ended(for ending: Ending) {
    endings.withLock { $0[ending, default: 0] += 1 }
  }

  func add(to registry: PrometheusRegistry) {
    registry.addGauge("trust_budget_connections") { Double(self.open.load(ordering: .relaxed)) }
    for ending in Ending.allCases {
      registry.addCounter("trust_budget_connections_ended_total", [("reason", ending.rawValue)]) {
        Double(self.endings.withLock { $0[ending] ?? 0 })
      }
    }
  }
}
