import AsyncAlgorithms
import BudgetLedger
import Hummingbird
import Logging
import ServiceLifecycle
import Synchronization
import TrustBudget

/// `--auth token`: `Authorization: Bearer tb_…`.
///
/// The node has the tokens in memory and reads them again every second, so that a request costs no
/// round trip, and a revoked token ends everywhere within seconds. While PostgreSQL is away, the last
/// known ones go on working for a while: break-glass and rules without a budget must.
package final class TokenAuthenticator: Authenticator, Service {
  private static let interval = Duration.seconds(1)

  private enum State {
    /// Not read yet, and why; whoever calls now may well be right.
    case unread(reason: String)
    case read(KnownTokens, failure: String?)
  }

  private let state = Mutex(State.unread(reason: "not asked yet"))
  private let reader: TokenReader
  private let grace: Duration
  private let now: @Sendable () -> Timestamp
  private let logger: Logger

  /// - Parameters:
  ///   - grace: for how long tokens are good that cannot be read again.
  ///   - now: the wall clock, by which tokens expire.
  package init(
    reader: TokenReader, grace: Duration, now: @escaping @Sendable () -> Timestamp, logger: Logger
  ) {
    self.reader = reader
    self.grace = grace
    self.now = now
    self.logger = logger
  }

  /// Reads the tokens again and again, until the service is told to stop.
  package func run() async throws {
    let ticks = AsyncTimerSequence(
      interval: TokenAuthenticator.interval, clock: .continuous)
    for await _ in ticks.cancelOnGracefulShutdown() { await refresh() }
    await reader.close()
  }

  /// Reads the tokens. What fails is logged once, and tried again a second later.
  package func refresh() async {
    // Before the question: what is read is at least as new.
    let start = ContinuousClock.now
    do {
      let known = KnownTokens(try await reader.tokens(), readAt: start)
      state.withLock { $0 = .read(known, failure: nil) }
    } catch {
      let reason = LedgerHealth.reason(error)
      let isNew = state.withLock { state in
        switch state {
        case .unread(let old):
          state = .unread(reason: reason)
          return old != reason
        case .read(let known, let old):
          state = .read(known, failure: reason)
          return old != reason
        }
      }
      if isNew { logger.warning("tokens not read", metadata: ["reason": "\(reason)"]) }
    }
  }

  package func caller(of request: Request, _ context: NodeContext) throws -> Caller {
    guard let header = request.headers[.authorization] else {
      throw Problem(.unauthenticated, "This request needs a token: Authorization: Bearer tb_…")
    }
    guard let secret = TokenSecret(bearer: header) else {
      throw Problem(.unauthenticated, "The Authorization header is not Bearer and a token.")
    }
    guard let token = try knownTokens().token(secret.digest) else {
      throw Problem(.unauthenticated, "This token is not known, or was revoked.")
    }
    if let end = token.expiresAt, end <= now() {
      throw Problem(.unauthenticated, "This token expired at \(end.roundedUpToSecond).")
    }
    return Caller(name: token.name, roles: token.roles)
  }

  private func knownTokens() throws -> KnownTokens {
    let (known, reason) = state.withLock { state in
      switch state {
      case .unread(let reason): (nil as KnownTokens?, reason)
      case .read(let known, let failure): (known, failure ?? "")
      }
    }
    guard let known else {
      throw Problem(
        .ledgerUnavailable,
        "This node has not reached PostgreSQL yet, and so knows no tokens. Try again. (\(reason))",
        retryAfter: 2)
    }
    guard ContinuousClock.now - known.readAt <= grace else {
      throw Problem(
        .ledgerUnavailable,
        "PostgreSQL has been away for longer than tokens are good without it (\(grace)). "
          + "Try again. (\(reason))",
        retryAfter: 2)
    }
    return known
  }
}

extension TokenSecret {
  /// - Parameter header: `Bearer tb_…`; the scheme's case does not matter.
  fileprivate init?(bearer header: String) {
    let parts = header.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    self.init(parts[1])
  }
}
