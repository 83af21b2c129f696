import ClaimedFile
import Logging
import Synchronization

/// The disk that a journal is on, with what is beside it, and that may hang: nobody waits for it for ever.
///
/// What opens the journal, or looks beside it, is done on a thread of its own; SQLite's work on GRDB's. It is not
/// given up where nobody waits for it any more, for what hangs in the system cannot be: its end says that the
/// disk is back. Until then nothing else is begun, so that what hangs is a piece of work or a few, however many
/// emergencies there are.
package final class JournalDisk: Sendable {
  /// Where the journal is.
  private let path: String
  private let patience: Duration
  private let logger: Logger
  private let thread = DiskThread()
  /// How many pieces of work nobody waits for any more.
  private let overdue = Mutex(0)

  /// - Parameter patience: how long anybody waits.
  package init(path: String, patience: Duration = .seconds(3), logger: Logger) {
    self.path = path
    self.patience = patience
    self.logger = logger
  }

  /// What is wrong with it, as far as is known: it does not answer.
  package var problem: JournalProblem? {
    overdue.withLock { $0 > 0 } ? .silent(path) : nil
  }

  /// Does what touches the disk.
  ///
  /// - Throws: what that throws; `JournalProblem.silent` when it takes too long, and at once while something else
  ///   does. What took too long may be done all the same.
  package func perform<R: Sendable>(
    _ work: @escaping @Sendable () async throws -> R
  ) async throws -> R {
    if let problem { throw problem }
    let result = await withCheckedContinuation { continuation in
      let answer = FirstAnswer<Result<R, any Error>>(to: continuation)
      let alarm = Task {
        guard (try? await Task.sleep(for: patience)) != nil else { return }
        answer.give(.failure(JournalProblem.silent(path))) { self.noteOverdue() }
      }
      Task(executorPreference: thread) {
        let isAwaited: Bool
        do {
          isAwaited = answer.give(.success(try await work()))
        } catch {
          isAwaited = answer.give(.failure(error))
        }
        alarm.cancel()
        if !isAwaited { self.noteEnd() }
      }
    }
    return try result.get()
  }

  private func noteOverdue() {
    let isFirst = overdue.withLock { overdue in
      overdue += 1
      return overdue == 1
    }
    guard isFirst else { return }
    logger.error(
      "break-glass journal does not answer; PostgreSQL alone records events until it does",
      metadata: ["path": "\(path)"])
  }

  private func noteEnd() {
    let isLast = overdue.withLock { overdue in
      overdue -= 1
      return overdue == 0
    }
    if isLast { logger.notice("break-glass journal answers again", metadata: ["path": "\(path)"]) }
  }
}

/// Whoever waits gets the answer that is given first, and no other.
private final class FirstAnswer<Answer: Sendable>: Sendable {
  private let waiting: Mutex<CheckedContinuation<Answer, Never>?>

  init(to continuation: CheckedContinuation<Answer, Never>) {
    waiting = Mutex(continuation)
  }

  /// - Parameter note: what is to be noted of a first one, before anybody can give another.
  /// - Returns: whether it was the first one.
  @discardableResult
  func give(_ answer: Answer, note: () -> Void = {}) -> Bool {
    waiting.withLock { waiting in
      guard let continuation = waiting else { return false }
      note()
      waiting = nil
      continuation.resume(returning: answer)
      return true
    }
  }
}
