import Synchronization

/// Lets so many in at once: tests start all together, and there are few processors.
///
/// Without it, eighty tests open their sessions in the same second, and what a product rightly
/// bounds in time (a connection attempt, a wait in a queue) runs out for want of a processor.
///
/// Gates are passed in the order services, databases, programs, and never the other way round, so
/// nobody waits for ever. Who is through a gate passes it again freely.
package final class Gate: Sendable {
  package static let databases = Gate(width: 6)
  package static let services = Gate(width: 4)
  package static let programs = Gate(width: 4)

  @TaskLocal private static var passed: Set<ObjectIdentifier> = []

  private struct State {
    var free: Int
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state: Mutex<State>

  private init(width: Int) {
    state = Mutex(State(free: width))
  }

  package func pass<R>(_ body: () async throws -> R) async throws -> R {
    let me = ObjectIdentifier(self)
    if Gate.passed.contains(me) { return try await body() }
    await enter()
    defer { leave() }
    return try await Gate.$passed.withValue(Gate.passed.union([me])) { try await body() }
  }

  private func enter() async {
    await withCheckedContinuation { newcomer in
      let isFree = state.withLock { state in
        if state.free == 0 {
          state.waiting.append(newcomer)
          return false
        }
        state.free -= 1
        return true
      }
      if isFree { newcomer.resume() }
    }
  }

  private func leave() {
    let next = state.withLock { state in
      if state.waiting.isEmpty {
        state.free += 1
        return CheckedContinuation<Void, Never>?.none
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
