import Foundation

/// The thread that a connection's actor runs on: libpq blocks, and the cooperative threads must not.
///
/// The actor holds it. Its deinitialiser ends the thread without waiting for it, since the last
/// reference may well be dropped on that very thread.
final class ConnectionThread: SerialExecutor {
  private let mailbox = Mailbox()

  init() {
    Thread.detachNewThread { [mailbox] in
      Thread.current.name = "postgres"
      mailbox.run()
    }
  }

  deinit {
    mailbox.close()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    mailbox.add(UnownedJob(job), for: self)
  }

  func isIsolatingCurrentContext() -> Bool? {
    mailbox.isOnThread
  }
}

/// The jobs that wait for the thread.
///
/// `@unchecked Sendable`: every stored property is read and written under `condition` alone.
private final class Mailbox: @unchecked Sendable {
  /// A job refers to its executor unowned, so the executor is kept with it.
  private typealias Item = (job: UnownedJob, executor: ConnectionThread)

  private let condition = NSCondition()
  private var items: [Item] = []
  private var isClosed = false
  private var thread: ObjectIdentifier?

  var isOnThread: Bool {
    condition.withLock { thread == ObjectIdentifier(Thread.current) }
  }

  func add(_ job: UnownedJob, for executor: ConnectionThread) {
    condition.withLock {
      items.append((job, executor))
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
    condition.withLock { thread = ObjectIdentifier(Thread.current) }
    while let items = nextItems() {
      for item in items {
        item.job.runSynchronously(on: item.executor.asUnownedSerialExecutor())
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
