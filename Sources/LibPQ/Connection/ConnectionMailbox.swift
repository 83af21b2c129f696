import Foundation

/// The jobs that wait for the thread.
///
/// `@unchecked Sendable`: every stored property is read and written under `condition` alone.
final class ConnectionMailbox: @unchecked Sendable {
  /// Runs one job. It refers to its executor unowned, so the closure keeps the executor.
  typealias Item = () -> Void

  private let condition = NSCondition()
  private var items: [Item] = []
  private var isClosed = false
  private var thread: ObjectIdentifier?

  var isOnThread: Bool {
    condition.withLock { thread == ObjectIdentifier(Thread.current) }
  }

  func add(_ item: @escaping Item) {
    condition.withLock {
      items.append(item)
      condition.signal()
    }
  }

  func close() {
    condition.withLock {
      isClosed = true
      condition.signal()
    }
  }

  /// The thread's whole life.
  func run() {
    // For `top -H` and debuggers. `Thread.name` gets lost if it is set this early.
    if let name = fopen("/proc/thread-self/comm", "w") {
      fputs("postgres", name)
      fclose(name)
    }
    condition.withLock { thread = ObjectIdentifier(Thread.current) }
    while let items = nextItems() {
      for item in items {
        item()
      }
    }
  }

  /// Waits for jobs; nil when the executor is gone, after the last of them.
  private func nextItems() -> [Item]? {
    condition.withLock {
      while items.isEmpty {
        if isClosed { return nil }
        condition.wait()
      }
      defer { items = [] }
      return items
    }
  }
}
