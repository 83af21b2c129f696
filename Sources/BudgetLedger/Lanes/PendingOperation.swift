import TrustBudget

/// An operation that waits for its answer.
///
/// `@unchecked Sendable`: `waiter` is touched only by whoever has taken the operation out of its
/// queue, or under the queue's lock while it is still in there.
final class PendingOperation: @unchecked Sendable {
  let operation: Operation
  /// After this moment there is nobody left to answer in time.
  let deadline: ContinuousClock.Instant
  private var waiter: CheckedContinuation<Answer, any Error>?

  init(
    _ operation: Operation, deadline: ContinuousClock.Instant,
    waiter: CheckedContinuation<Answer, any Error>
  ) {
    self.operation = operation
    self.deadline = deadline
    self.waiter = waiter
  }

  func finish(_ result: Result<Answer, LedgerError>) {
    waiter?.resume(with: result.mapError { $0 as any Error })
    waiter = nil
  }
}
