import TrustBudget

/// A batch on its way to an answer: what still waits, how often it was tried, what went wrong.
///
/// Trying again is always safe. A request id that was committed is found under the locks and
/// answered from the trail; an old session that still holds them is waited for.
struct Attempt: Sendable {
  private(set) var pending: [PendingOperation]
  private(set) var failures = 0
  private var lastReason = ""
  /// Whether it was more once.
  private(set) var isPart = false
  /// What a try decided whose COMMIT nobody answered.
  private var mayBeCommitted: [ObjectIdentifier: Answer] = [:]
  private var mayHaveCommitted = false

  init(pending: [PendingOperation]) {
    self.pending = pending
  }

  /// When the first of those who wait must have an answer.
  var earliestDeadline: ContinuousClock.Instant {
    pending.lazy.map(\.deadline).min() ?? .now
  }

  /// Whether a try of it, or of what it was a part of, came to nothing.
  var hasFailed: Bool { !lastReason.isEmpty }

  /// Notes a try that is to be repeated.
  ///
  /// - Parameter mayBeCommitted: the answers that it decided, if its COMMIT may have got through.
  mutating func note(_ reason: String, mayBeCommitted: [Answer]? = nil) {
    failures += 1
    noteReason(reason)
    guard let mayBeCommitted else { return }
    mayHaveCommitted = true
    for (operation, answer) in zip(pending, mayBeCommitted) {
      self.mayBeCommitted[ObjectIdentifier(operation)] = asOwn(answer, to: operation)
    }
  }

  /// Answers everybody.
  func finish(with answers: [Answer]) {
    for (operation, answer) in zip(pending, answers) {
      operation.finish(.success(asOwn(answer, to: operation)))
    }
  }

  /// The same answer; but what is found as an earlier try of this attempt decided it is its own, and not
  /// something that was asked for before.
  private func asOwn(_ answer: Answer, to operation: PendingOperation) -> Answer {
    let first = answer.asFirst
    return mayBeCommitted[ObjectIdentifier(operation)] == first ? first : answer
  }

  /// Notes why a try came to nothing.
  mutating func noteReason(_ reason: String) {
    // A try that ran into the deadline was cut short, and hides why the ones before it failed.
    if lastReason.isEmpty || earliestDeadline > .now { lastReason = reason }
  }

  /// Answers those who have waited too long, with what is known, never with a guess; everybody, if the
  /// lane is to end at once. Whoever was not tried yet has his first try, unless he has given up.
  mutating func letGo(at now: ContinuousClock.Instant, isEnding: Bool) {
    if !mayHaveCommitted { letGo(with: .cancelled, where: \.isCancelled) }
    guard hasFailed else { return }
    letGo(
      with: mayHaveCommitted
        ? .outcomeUnknown(reason: lastReason) : .unavailable(reason: lastReason)
    ) { isEnding || $0.deadline <= now }
  }

  /// Answers everybody that PostgreSQL refuses them; unless an earlier try may have got through.
  mutating func refuse(_ reason: String) {
    for operation in pending {
      operation.finish(
        .failure(mayHaveCommitted ? .outcomeUnknown(reason: reason) : .refused(reason: reason)))
    }
    pending = []
  }

  private mutating func letGo(
    with error: LedgerError, where isOver: (PendingOperation) -> Bool
  ) {
    // Each is asked once: whoever gives up in between must not go without an answer.
    let over = pending.filter(isOver)
    guard !over.isEmpty else { return }
    let leaving = Set(over.map(ObjectIdentifier.init))
    pending.removeAll { leaving.contains(ObjectIdentifier($0)) }
    for operation in over { operation.finish(.failure(error)) }
  }

  /// The same attempt with more operations, behind those that it has.
  func joined(by others: [PendingOperation]) -> Attempt {
    var joined = self
    joined.pending += others
    return joined
  }

  /// Two attempts in place of this one, at what it was made of; what is known stays known.
  func parted(
    _ belongsToSecond: (_ index: Int, _ operation: Operation) -> Bool
  ) -> (first: Attempt, second: Attempt) {
    var first = self
    var second = self
    first.pending = []
    second.pending = []
    first.isPart = true
    second.isPart = true
    for (index, operation) in pending.enumerated() {
      if belongsToSecond(index, operation.operation) {
        second.pending.append(operation)
      } else {
        first.pending.append(operation)
      }
    }
    return (first, second)
  }

  /// How long to wait before the next try: twice as long each time up to half a second, with jitter, so that
  /// those who got into each other's way do not meet again.
  var pauseBeforeNextTry: Duration {
    let longest = min(500.0, 5.0 * Double(1 << min(failures, 10)))
    return .milliseconds(Double.random(in: longest / 2...longest))
  }

  func pause() async {
    guard !pending.isEmpty else { return }
    try? await Task.sleep(for: pauseBeforeNextTry)
  }
}
