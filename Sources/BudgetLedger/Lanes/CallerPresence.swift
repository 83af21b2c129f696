import Synchronization

/// Whether those who ask over one connection are still there.
///
/// Whoever hangs up has given up: what he asked for is not decided any more, unless its batch has begun.
package final class CallerPresence: Sendable {
  /// Of the connection that this task serves; nil where there is none that could be closed.
  @TaskLocal package static var current: CallerPresence?

  private struct State {
    var hasLeft = false
    var waiting: [(operation: PendingOperation, queue: LaneQueue)] = []
  }

  private let state = Mutex(State())

  package init() {}

  /// Gives up what waits, and whatever else comes over the connection.
  package func leave() {
    let waiting = state.withLock { state in
      state.hasLeft = true
      return state.waiting
    }
    for (operation, queue) in waiting { queue.cancel(operation) }
  }

  /// Notes an operation that is about to be put into a queue.
  func await(_ operation: PendingOperation, in queue: LaneQueue) {
    let hasLeft = state.withLock { state in
      state.waiting.append((operation, queue))
      return state.hasLeft
    }
    if hasLeft { queue.cancel(operation) }
  }

  /// Notes that an operation has its answer.
  func forget(_ operation: PendingOperation) {
    state.withLock { $0.waiting.removeAll { $0.operation === operation } }
  }
}
