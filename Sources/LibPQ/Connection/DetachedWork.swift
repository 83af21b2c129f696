import Dispatch
import Foundation
import Synchronization

/// Work that cannot be interrupted, on a thread of its own: who waits for it leaves it to itself when his time
/// is over.
final class DetachedWork<Value: Sendable>: Sendable {
  private enum State {
    case running
    case done(Value)
    /// Nobody waits for it any more.
    case left
  }

  private let state = Mutex(State.running)
  private let end = DispatchSemaphore(value: 0)
  private let abandoned: AbandonedWork

  /// Begins.
  ///
  /// - Parameters:
  ///   - discard: what becomes of a value for which nobody waits any more.
  ///   - abandoned: where the work counts from then on until it is over.
  init(
    discard: @escaping @Sendable (Value) -> Void, abandoned: AbandonedWork = .all,
    _ work: @escaping @Sendable () -> Value
  ) {
    self.abandoned = abandoned
    Thread.detachNewThread { [self] in
      let value = work()
      let isLeft = state.withLock { state in
        if case .left = state { return true }
        state = .done(value)
        return false
      }
      guard isLeft else {
        end.signal()
        return
      }
      discard(value)
      abandoned.remove()
    }
  }

  /// Waits, in slices, after each of which a cancelled task gives up.
  ///
  /// - Returns: nil when the time is over before it is done.
  func value(before deadline: ContinuousClock.Instant, slice: Duration) -> Value? {
    while true {
      let left = max(min(slice, deadline - .now), .zero)
      let isDone = end.wait(timeout: .now() + left / .seconds(1)) == .success
      guard isDone || Task.isCancelled || ContinuousClock.now >= deadline else { continue }
      return state.withLock { state in
        if case .done(let value) = state { return value }
        if case .running = state { abandoned.add() }
        state = .left
        return nil
      }
    }
  }
}

/// Work that nobody waits for any more, and that is not over: each has a thread, and may have a connection.
final class AbandonedWork: Sendable {
  static let all = AbandonedWork(limit: 128)

  let limit: Int
  private let count = Atomic(0)

  init(limit: Int) { self.limit = limit }

  /// Whether nothing more is to be begun that might join it.
  var isTooMuch: Bool { count.load(ordering: .relaxed) >= limit }

  fileprivate func add() { count.add(1, ordering: .relaxed) }
  fileprivate func remove() { count.subtract(1, ordering: .relaxed) }
}
