import Logging
import Synchronization
import TrustBudget

/// Whether the ledger could be reached when it was last tried, for readiness and for the log.
package final class LedgerHealth: Sendable {
  package enum State: Hashable, Sendable {
    /// Nothing has been tried yet.
    case unknown
    case available(LedgerIdentity)
    case unavailable(reason: String)
  }

  private let state = Mutex(State.unknown)
  private let logger: Logger

  init(logger: Logger) {
    self.logger = logger
  }

  package var current: State { state.withLock { $0 } }

  /// Notes what a session found; a change is logged, repetition is not.
  func note(_ new: State) {
    let old = state.withLock { state in
      let old = state
      state = new
      return old
    }
    guard old != new else { return }
    switch new {
    case .unknown: break
    case .available(let ledger):
      logger.info(
        "ledger available", metadata: ["ledger": "\(ledger.id)", "epoch": "\(ledger.epoch)"])
    case .unavailable(let reason):
      logger.error("ledger unavailable", metadata: ["reason": "\(reason)"])
    }
  }
}
