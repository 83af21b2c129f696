import NIOCore

/// A connection's event loop, as what the tasks of its requests prefer to run on.
///
/// A request is a few short steps between its socket and a lane. On the loop that reads and writes the
/// socket, none of them waits for another thread to wake up.
final class EventLoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) {
    self.loop = loop
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
  }
}
