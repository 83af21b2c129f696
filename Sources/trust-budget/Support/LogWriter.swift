import Foundation

/// Writes a log to standard error by a thread of its own: who has something to log, an emergency above all,
/// never waits for a reader that has stalled.
///
/// What does not fit into its buffer is lost and counted. So is, uncounted, what the buffer holds when the
/// program crashes: each entry is handed to the system as soon as the reader takes it, but no sooner.
///
/// `@unchecked Sendable`: every stored property that changes is read and written under `condition` alone.
final class LogWriter: @unchecked Sendable {
  /// Bytes that may wait to be written.
  private static let capacity = 1 << 20

  private let condition = NSCondition()
  private var entries: [String] = []
  /// Bytes that wait, those of the entry that is being written included.
  private var size = 0
  private var lost = 0
  private var isIdle = false
  private let tellLoss: @Sendable (_ entries: Int) -> Void

  /// - Parameter tellLoss: writes at once, on the thread, that entries were lost.
  init(tellLoss: @escaping @Sendable (_ entries: Int) -> Void) {
    self.tellLoss = tellLoss
    Thread.detachNewThread { [self] in run() }
  }

  /// Has something written after everything before it.
  func write(_ entry: String) {
    let bytes = entry.utf8.count
    condition.withLock {
      // After a loss until all is written that was there before, so that one entry can tell of it, at its
      // place. What is larger than the buffer is written all the same.
      guard lost == 0, size == 0 || size + bytes <= Self.capacity else {
        lost += 1
        return
      }
      entries.append(entry)
      size += bytes
      condition.broadcast()
    }
  }

  /// Waits until everything is written.
  ///
  /// - Parameter limit: how long to wait for a reader, in seconds; then the rest is lost.
  func finish(within limit: TimeInterval) {
    let deadline = Date(timeIntervalSinceNow: limit)
    condition.withLock {
      while !isIdle || !entries.isEmpty || lost > 0, condition.wait(until: deadline) {}
    }
  }

  /// The thread's whole life.
  private func run() {
    while true {
      let (entries, lost) = next()
      for entry in entries {
        Console.write(entry)
        condition.withLock { size -= entry.utf8.count }
      }
      if lost > 0 { tellLoss(lost) }
    }
  }

  /// Waits for something to write: entries, or else how many were lost after the last of them.
  private func next() -> ([String], lost: Int) {
    condition.withLock {
      while entries.isEmpty, lost == 0 {
        isIdle = true
        condition.broadcast()
        condition.wait()
      }
      isIdle = false
      defer {
        if entries.isEmpty { lost = 0 }
        entries = []
      }
      return (entries, entries.isEmpty ? lost : 0)
    }
  }
}
