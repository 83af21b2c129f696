import TrustBudget

/// An operation that waits for its answer.
///
/// `@unchecked Sendable`: `waiter` is touched only by its caller before it goes into a queue, under
/// the queue's lock while it is in there, and by whoever has taken it out; `isCancelled` only under
/// the queue's lock.
final class PendingOperation: @unchecked Sendable {
  let operation: Operation
  /// After this moment there is nobody left to answer in time.
  let deadline: ContinuousClock.Instant
  var waiter: CheckedContinuation<Answer, any Error>?
  /// Its caller has given up.
  var isCancelled = false

  init(_ operation: Operation, deadline: ContinuousClock.Instant) {
    self.operation = operation
    self.deadline = deadline
  }

  func finish(_ result: Result<Answer, LedgerError>) {
    waiter?.resume(with: result.mapError { $0 as any Error })
    waiter = nil
  }
}
