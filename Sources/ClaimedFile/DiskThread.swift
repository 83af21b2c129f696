import Dispatch

/// Runs what may be kept waiting by a disk, so that those threads stay free that everybody shares: one that
/// hangs, as a file server's does, holds up nobody else.
package final class DiskThread: TaskExecutor {
  private let queue = DispatchQueue(label: "disk")

  package init() {}

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
