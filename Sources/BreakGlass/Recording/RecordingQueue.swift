import Synchronization
import TrustBudget

/// Requests that wait to be recorded. All that wait at a time are one commit: a thousand at once cost
/// a handful of fsyncs.
final class RecordingQueue: Sendable {
  /// The most requests in one commit.
  static let batchSize = 512
  /// The most requests that may wait.
  static let capacity = 16_384

  typealias Answer = Result<(BreakGlassOutcome, BreakGlass.Store), BreakGlassUnrecorded>

  struct Pending {
    let request: BreakGlassIssuance
    let moment: Timestamp
    let answer: CheckedContinuation<Answer, Never>
  }

  private struct State {
    var pending: [Pending] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let arrivals: AsyncStream<Void>
  private let arrival: AsyncStream<Void>.Continuation

  init() {
    (arrivals, arrival) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func add(_ request: BreakGlassIssuance, at moment: Timestamp) async -> Answer {
    await withCheckedContinuation { continuation in
      let problem: String? = state.withLock { state in
        if state.isClosed { return "the node is shutting down" }
        if state.pending.count >= RecordingQueue.capacity { return "the node is overloaded" }
        state.pending.append(Pending(request: request, moment: moment, answer: continuation))
        return nil
      }
      if let problem {
        let unrecorded = BreakGlassUnrecorded(journal: problem, postgres: problem)
        continuation.resume(returning: .failure(unrecorded))
      } else {
        arrival.yield()
      }
    }
  }

  /// Calls `record` with what waits, batch after batch, until the queue is closed and empty.
  func drain(_ record: ([Pending]) async -> Void) async {
    for await _ in arrivals { await drainNow(record) }
    // Of a task that is cancelled the arrivals end as well: nobody may come in behind the last look.
    close()
    await drainNow(record)
  }

  /// Takes no more requests.
  func close() {
    state.withLock { $0.isClosed = true }
    arrival.finish()
  }

  private func drainNow(_ record: ([Pending]) async -> Void) async {
    while true {
      let batch = state.withLock { state in
        let batch = Array(state.pending.prefix(RecordingQueue.batchSize))
        state.pending.removeFirst(batch.count)
        return batch
      }
      if batch.isEmpty { return }
      await record(batch)
    }
  }
}
