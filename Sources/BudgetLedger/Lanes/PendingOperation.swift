import Synchronization
import TrustBudget

/// An operation that waits for its answer.
///
/// `@unchecked Sendable`: `waiter` is touched only by its caller before it goes into a queue, under
/// the queue's lock while it is in there, and by whoever has taken it out.
final class PendingOperation: @unchecked Sendable {
  let operation: Operation
  /// After this moment there is nobody left to answer in time.
  let deadline: ContinuousClock.Instant
  var waiter: CheckedContinuation<Answer, any Error>?
  private let cancelled = Atomic(false)

  init(_ operation: Operation, deadline: ContinuousClock.Instant) {
    self.operation = operation
    self.deadline = deadline
  }

  /// Whether its caller has given up.
  var isCancelled: Bool { cancelled.load(ordering: .sequentiallyConsistent) }

  func cancel() { cancelled.store(true, ordering: .sequentiallyConsistent) }

  func finish(_ result: Result<Answer, LedgerError>) {
    waiter?.resume(with: result.mapError { $0 as any Error })
    waiter = nil
  }
}
