import Foundation

/// The thread that a connection's actor runs on: libpq blocks, and the cooperative threads must not.
///
/// Who works on connections alone, one after another, makes a thread for them and runs on it as
/// well (``tasks``): then no step of it waits for another thread to wake up.
///
/// The actor holds it. Its deinitialiser ends the thread without waiting for it, since the last
/// reference may well be dropped on that very thread.
package final class ConnectionThread: SerialExecutor {
  private let mailbox = ConnectionMailbox()

  package init() {
    Thread.detachNewThread { [mailbox] in mailbox.run() }
  }

  deinit {
    mailbox.close()
  }

  /// The thread, as what tasks may prefer to run on.
  package var tasks: some TaskExecutor { Tasks(thread: self) }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    mailbox.add { [self] in job.runSynchronously(on: asUnownedSerialExecutor()) }
  }

  package func isIsolatingCurrentContext() -> Bool? {
    mailbox.isOnThread
  }

  private final class Tasks: TaskExecutor {
    private let thread: ConnectionThread

    init(thread: ConnectionThread) {
      self.thread = thread
    }

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      thread.mailbox.add { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
  }
}
