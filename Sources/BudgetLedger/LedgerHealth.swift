import LibPQ
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

  /// What to tell people of an error: PostgreSQL's own words, on one line, and what to do where that
  /// is known.
  package static func reason(_ error: any Error) -> String {
    // What is unavailable is said by whoever gives the reason.
    if case .unavailable(let reason)? = error as? LedgerError { return reason }
    let words = String(describing: error).split(whereSeparator: \.isNewline).joined(separator: " ")
    return switch (error as? PostgresError)?.sqlState {
    case .undefinedTable, .undefinedSchema:
      "\(words). The schema is missing or old; run: trust-budget migrate up"
    case .invalidStatementName, .duplicatePreparedStatement:
      "\(words). A pooler seems to lend this session to others; connect to PostgreSQL itself, or have the "
        + "pooler keep sessions for as long as their clients stay (pool_mode = session)"
    // It may not connect: that is another right.
    case .insufficientPrivilege where (error as? PostgresError)?.kind == .connection: words
    case .insufficientPrivilege where words.contains("permission denied for database"):
      "\(words). To make the schema a role needs CREATE on the database; its owner runs: GRANT CREATE ON "
        + "DATABASE … TO …"
    case .insufficientPrivilege:
      "\(words). Either this is for the owner of the schema to run; or the owner runs: trust-budget "
        + "migrate up --service-role ROLE if the role is to serve, --auditor-role ROLE if it is to read"
    default: words
    }
  }
}
