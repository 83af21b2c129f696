import Synchronization

/// What the server lacked when lanes last wrote: room on its disk, say. A session can be opened all the same.
final class ServerResources: Sendable {
  /// For so long it holds without being met again: a node that nobody asks would never learn that it is over.
  private static let memory: Duration = .seconds(30)

  private let met = Mutex<(reason: String, at: ContinuousClock.Instant)?>(nil)

  /// Why nothing can be charged; nil: something can, or nobody knows.
  var lack: String? {
    met.withLock { $0.flatMap { .now - $0.at < ServerResources.memory ? $0.reason : nil } }
  }

  func noteLack(_ reason: String) { met.withLock { $0 = (reason, .now) } }

  /// An entry was written: whatever one request met, others can be charged.
  func noteCommit() { met.withLock { $0 = nil } }
}
