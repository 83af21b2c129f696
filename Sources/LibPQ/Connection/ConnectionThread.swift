import Foundation

/// The thread that a connection's actor runs on: libpq blocks, and the cooperative threads must not.
///
/// The actor holds it. Its deinitialiser ends the thread without waiting for it, since the last
/// reference may well be dropped on that very thread.
final class ConnectionThread: SerialExecutor {
  private let mailbox = ConnectionMailbox()

  init() {
    Thread.detachNewThread { [mailbox] in mailbox.run() }
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
