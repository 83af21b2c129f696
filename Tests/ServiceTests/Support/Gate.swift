import Synchronization

/// Lets so many in at once: tests start all together, and there are few processors.
///
/// Whoever is in a service may go on to programs, and never the other way round, so nobody waits for
/// ever.
final class Gate: Sendable {
  static let services = Gate(width: 4)
  static let programs = Gate(width: 4)

  private struct State {
    var free: Int
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state: Mutex<State>

  private init(width: Int) {
    state = Mutex(State(free: width))
  }

  func pass<R>(_ body: () async throws -> R) async throws -> R {
    await enter()
    defer { leave() }
    return try await body()
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
