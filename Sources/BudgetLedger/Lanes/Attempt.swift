import TrustBudget

/// A batch on its way to an answer: what still waits, how often it was tried, what went wrong.
///
/// Trying again is always safe. A request id that was committed is found under the locks and
/// answered from the trail; an old session that still holds them is waited for.
struct Attempt: Sendable {
  private(set) var pending: [PendingOperation]
  private var failures = 0
  private var lastReason = ""
  private var mayHaveCommitted = false

  init(pending: [PendingOperation]) {
    self.pending = pending
  }

  /// When the first of those who wait must have an answer.
  var earliestDeadline: ContinuousClock.Instant {
    pending.lazy.map(\.deadline).min() ?? .now
  }

  mutating func note(_ reason: String, mayHaveCommitted: Bool) {
    failures += 1
    lastReason = reason
    self.mayHaveCommitted = self.mayHaveCommitted || mayHaveCommitted
  }

  /// Answers those whose deadline has passed: with what is known, never with a guess.
  mutating func letGoOfOverdue(at now: ContinuousClock.Instant) {
    let error: LedgerError =
      mayHaveCommitted
      ? .outcomeUnknown(reason: lastReason) : .unavailable(reason: lastReason)
    for operation in pending where operation.deadline <= now {
      operation.finish(.failure(error))
    }
    pending.removeAll { $0.deadline <= now }
  }

  /// Waits before the next try: twice as long each time up to half a second, with jitter, so that
  /// those who got into each other's way do not meet again.
  func pause() async {
    guard !pending.isEmpty else { return }
    let longest = min(500.0, 5.0 * Double(1 << min(failures, 10)))
    let milliseconds = Double.random(in: longest / 2...longest)
    try? await Task.sleep(for: .milliseconds(milliseconds))
  }
}
