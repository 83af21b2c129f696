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

  /// Begins.
  ///
  /// - Parameter discard: what becomes of a value for which nobody waits any more.
  init(
    discard: @escaping @Sendable (Value) -> Void, _ work: @escaping @Sendable () -> Value
  ) {
    Thread.detachNewThread { [self] in
      let value = work()
      let isLeft = state.withLock { state in
        if case .left = state { return true }
        state = .done(value)
        return false
      }
      if isLeft { discard(value) } else { end.signal() }
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
        state = .left
        return nil
      }
    }
  }
}
