import Foundation

/// Runs work that blocks on a thread of its own, since the cooperative threads must never wait.
enum BlockingWork {
  static func run<Success: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () throws(Failure) -> Success
  ) async throws(Failure) -> Success {
    let result: Result<Success, Failure> = await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: Result(catching: work)) }
    }
    return try result.get()
  }
}
