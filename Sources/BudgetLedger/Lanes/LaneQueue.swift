import Glibc
import Synchronization
import TrustBudget

/// What waits for a lane: bounded in length and in time.
///
/// A batch is whatever waits when the lane is free. There is no timer and no added delay; under
/// load the batches grow by themselves.
final class LaneQueue: Sendable {
  /// How often a lane that finds something to do lets others have the processor first.
  private static let courtesies = 4

  private struct State {
    var waiting: [PendingOperation] = []
    var lane: CheckedContinuation<Void, Never>?
    var isClosed = false
  }

  private let state = Mutex(State())
  private let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
  }

  /// How many operations wait.
  var count: Int { state.withLock { $0.waiting.count } }

  /// Puts an operation into the queue, and waits for its answer.
  ///
  /// - Throws: `LedgerError`. A caller that is cancelled, or hangs up, before its batch begins is let go and
  ///   not charged; later than that the answer is waited for, since it is on its way.
  func perform(_ operation: Operation, deadline: ContinuousClock.Instant) async throws -> Answer {
    let pending = PendingOperation(operation, deadline: deadline)
    let caller = CallerPresence.current
    caller?.note(pending, in: self)
    defer { caller?.forget(pending) }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        pending.waiter = waiter
        enqueue(pending)
      }
    } onCancel: {
      cancel([pending])
    }
  }

  /// Takes what waits, `limit` at most; suspends while nothing does.
  ///
  /// - Returns: nil once the queue is closed and empty.
  func take(atMost limit: Int) async -> [PendingOperation]? {
    while true {
      letOthersGoFirst(upTo: limit)
      let batch = takeNow(atMost: limit)
      if !batch.isEmpty { return batch }
      if state.withLock({ $0.isClosed && $0.waiting.isEmpty }) { return nil }
      await withCheckedContinuation { lane in
        let hasWork = state.withLock { state in
          if !state.waiting.isEmpty || state.isClosed { return true }
          state.lane = lane
          return false
        }
        if hasWork { lane.resume() }
      }
    }
  }

  /// Leaves the processor to whoever else wants it, unless nothing waits, or as much as can be taken.
  ///
  /// Those are, on a node that is busy, callers on their way into this queue. A batch of a few costs
  /// nearly what one of many does, and with lanes that are always quicker than callers, batches would
  /// stay small just where that hurts. Where nobody else wants it, this takes no time.
  private func letOthersGoFirst(upTo limit: Int) {
    for _ in 0..<LaneQueue.courtesies {
      let count = count
      guard count > 0, count < limit else { return }
      sched_yield()
    }
  }

  /// Takes what waits at this moment, `limit` at most.
  func takeNow(atMost limit: Int) -> [PendingOperation] {
    state.withLock { state in
      let batch = Array(state.waiting.prefix(limit))
      state.waiting.removeFirst(batch.count)
      return batch
    }
  }

  /// Takes those at the head of the queue that may join a batch which is being decided, `limit` at
  /// most. Waits for nobody, and passes nobody by: who comes behind stays behind.
  func board(atMost limit: Int, where mayJoin: (Operation) -> Bool) -> [PendingOperation] {
    state.withLock { state in
      let joining = Array(state.waiting.prefix(limit).prefix { mayJoin($0.operation) })
      state.waiting.removeFirst(joining.count)
      return joining
    }
  }

  /// Lets those go whose deadline has passed.
  func expire(at now: ContinuousClock.Instant, because error: LedgerError) {
    let expired = state.withLock { state in
      guard state.waiting.contains(where: { $0.deadline <= now }) else {
        return [PendingOperation]()
      }
      let expired = state.waiting.filter { $0.deadline <= now }
      state.waiting.removeAll { $0.deadline <= now }
      return expired
    }
    for operation in expired { operation.finish(.failure(error)) }
  }

  /// Takes nothing more in. What waits is still decided.
  func close() {
    let lane = state.withLock { state in
      state.isClosed = true
      return state.lane.take()
    }
    lane?.resume()
  }

  // MARK: - Entering and leaving

  private func enqueue(_ operation: PendingOperation) {
    enum Entry {
      case accepted(CheckedContinuation<Void, Never>?)
      case refused(LedgerError)
    }
    let entry: Entry = state.withLock { state in
      if operation.isCancelled { return .refused(.cancelled) }
      if state.isClosed {
        return .refused(.unavailable(reason: "the node is shutting down"))
      }
      if state.waiting.count >= capacity {
        return .refused(.overloaded(reason: "\(capacity) requests wait already"))
      }
      state.waiting.append(operation)
      return .accepted(state.lane.take())
    }
    switch entry {
    case .accepted(let lane): lane?.resume()
    case .refused(let error): operation.finish(.failure(error))
    }
  }

  /// Lets callers go, unless their operations were taken out of the queue already.
  func cancel(_ operations: [PendingOperation]) {
    let waiting = state.withLock { state in
      // Under the lock, so that nobody who waits here gives up between the two looks.
      for operation in operations { operation.cancel() }
      let waiting = state.waiting.filter(\.isCancelled)
      if !waiting.isEmpty { state.waiting.removeAll(where: \.isCancelled) }
      return waiting
    }
    for operation in waiting { operation.finish(.failure(.cancelled)) }
  }
}
