import Synchronization

/// Whether those who ask over one connection are still there.
///
/// Whoever hangs up has given up: what he asked for is not decided any more, unless its batch has begun.
package final class CallerPresence: Sendable {
  /// Of the connection that this task serves; nil where there is none that could be closed.
  @TaskLocal package static var current: CallerPresence?

  private struct State {
    var hasLeft = false
    var waiting: [ObjectIdentifier: (operation: PendingOperation, queue: LaneQueue)] = [:]
  }

  private let state = Mutex(State())

  package init() {}

  /// Gives up what waits at this moment: its caller says nothing more, and may be gone.
  package func hangUp() { cancel(state.withLock { Array($0.waiting.values) }) }

  /// Gives up what waits, and whatever else came over the connection: nobody can be answered any more.
  package func leave() {
    cancel(
      state.withLock { state in
        state.hasLeft = true
        return Array(state.waiting.values)
      })
  }

  private func cancel(_ waiting: [(operation: PendingOperation, queue: LaneQueue)]) {
    for (_, those) in Dictionary(grouping: waiting, by: { ObjectIdentifier($0.queue) }) {
      those.first?.queue.cancel(those.map(\.operation))
    }
  }

  /// Notes an operation that is about to be put into a queue.
  func note(_ operation: PendingOperation, in queue: LaneQueue) {
    let hasLeft = state.withLock { state in
      state.waiting[ObjectIdentifier(operation)] = (operation, queue)
      return state.hasLeft
    }
    if hasLeft { queue.cancel([operation]) }
  }

  /// Notes that an operation has its answer.
  func forget(_ operation: PendingOperation) {
    _ = state.withLock { $0.waiting.removeValue(forKey: ObjectIdentifier(operation)) }
  }
}
