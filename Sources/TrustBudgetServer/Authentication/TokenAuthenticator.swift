import AsyncAlgorithms
import BreakGlass
import BudgetLedger
import ClaimedFile
import Hummingbird
import Logging
import ServiceLifecycle
import Synchronization
import TrustBudget

/// `--auth token`: `Authorization: Bearer tb_…`.
///
/// The node has the tokens in memory and reads them again every second, so that a request costs no
/// round trip, and a revoked token ends everywhere within seconds. While PostgreSQL is away, the last
/// known ones go on working for a while, for rules without a budget; and for break-glass, which nothing
/// may block, until PostgreSQL can be asked again, also at a node that was started meanwhile.
package final class TokenAuthenticator: Authenticator, Service {
  private static let interval = Duration.seconds(1)

  private enum State {
    /// Not read yet, and why; whoever calls now may well be right.
    case unread(reason: String)
    case read(KnownTokens, failure: String?)
  }

  private let state = Mutex(State.unread(reason: "not asked yet"))
  /// The id of the ledger that the tokens are of; nil: not read yet.
  private let ledger = Mutex<String?>(nil)
  private let keepingProblem = Mutex<String?>(nil)
  private let readingProblem = Mutex<String?>(nil)
  private let reader: TokenReader
  private let grace: Duration
  private let emergency: EmergencyTokens
  private let now: @Sendable () -> Timestamp
  private let logger: Logger

  /// - Parameters:
  ///   - grace: for how long tokens are good that cannot be read again.
  ///   - emergency: keeps those that are good for break-glass.
  ///   - now: the wall clock, by which tokens expire.
  package init(
    reader: TokenReader, grace: Duration, emergency: EmergencyTokens,
    now: @escaping @Sendable () -> Timestamp, logger: Logger
  ) {
    self.reader = reader
    self.grace = grace
    self.emergency = emergency
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
      let tokens = try await reader.tokens()
      state.withLock { $0 = .read(KnownTokens(tokens, readAt: start), failure: nil) }
      await keep(tokens)
    } catch {
      let reason = error.ledgerReason
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

  /// Keeps what an emergency needs. What fails is logged once, and tried again with the next reading.
  private func keep(_ tokens: [APIToken]) async {
    // A node works on one ledger. Who holds its row must not keep a revoked token good, here or on the disk.
    if ledger.withLock({ $0 == nil }), let read = try? await reader.ledger() {
      ledger.withLock { $0 = read }
    }
    let ledger = ledger.withLock { $0 }
    var problem: String?
    do {
      try await emergency.keep(tokens, of: ledger)
    } catch let error as JournalProblem {
      problem = "\(error)"
    } catch {
      problem = error.systemReason
    }
    log(
      "tokens for emergencies cannot be kept; started without PostgreSQL, this node would know no callers",
      problem, after: keepingProblem)
  }

  /// What was kept for emergencies; nil where that can't be used. What fails is logged once: whoever made a token
  /// up can ask.
  private func kept() async -> KnownTokens? {
    var tokens: KnownTokens?
    var problem: String?
    do throws(EmergencyTokens.Unusable) {
      tokens = try await emergency.read()
    } catch {
      problem = error.description
    }
    log("tokens for emergencies cannot be read", problem, after: readingProblem)
    return tokens
  }

  /// Logs a problem, unless it is the one that there was.
  private func log(
    _ message: Logger.Message, _ problem: String?, after old: borrowing Mutex<String?>
  ) {
    let isNew = old.withLock { old in
      defer { old = problem }
      return old != problem
    }
    if isNew, let problem { logger.error(message, metadata: ["reason": "\(problem)"]) }
  }

  package func caller(of request: Request, _ context: NodeContext) async throws -> Caller {
    guard let header = request.headers[.authorization] else {
      throw Problem(.unauthenticated, "This request needs a token: Authorization: Bearer tb_…")
    }
    guard let digest = Digest(bearer: header) else {
      throw Problem(.unauthenticated, "The Authorization header is not Bearer and a token.")
    }
    let isEmergency =
      context.endpointPath.map { Route(method: request.method, path: $0) } == Access.breakGlass
    guard let token = try await token(digest, forEmergency: isEmergency) else {
      throw Problem(.unauthenticated, "This token is not known, or was revoked.")
    }
    if let end = token.expiresAt, end <= now() {
      throw Problem(.unauthenticated, "This token expired at \(end.roundedUpToSecond).")
    }
    return Caller(name: token.name, roles: token.roles)
  }

  /// - Returns: nil for one that is not known.
  /// - Throws: `Problem` where that cannot be told.
  private func token(
    _ digest: Digest, forEmergency isEmergency: Bool
  ) async throws -> APIToken? {
    switch state.withLock({ $0 }) {
    case .read(let known, let failure):
      guard isEmergency || ContinuousClock.now - known.readAt <= grace else {
        throw Problem(
          .ledgerUnavailable,
          "PostgreSQL has been away for longer than tokens are good without it (\(grace)). "
            + "Try again. (\(failure ?? ""))",
          retryAfter: 2)
      }
      return known.token(digest)
    case .unread(let reason):
      var known = "knows no callers"
      if isEmergency {
        if let kept = await kept() {
          if let token = kept.token(digest) { return token }
        } else {
          known += ": those that it keeps for emergencies cannot be used, and its log says why"
        }
      }
      throw Problem(
        .ledgerUnavailable,
        "This node could not read the tokens yet, and so \(known). Try again. (\(reason))",
        retryAfter: 2)
    }
  }
}

extension Digest {
  private static let scheme = Array("bearer ".utf8)

  /// The digest of the token in `Bearer tb_…`; the scheme's case does not matter.
  ///
  /// - Returns: nil for what is no token by its length alone. What else is none has a digest that
  ///   nobody knows; to find that out sooner would cost every caller time.
  fileprivate init?(bearer header: String) {
    let bytes = Array(header.utf8)
    let scheme = Digest.scheme
    guard bytes.count == scheme.count + TokenSecret.length,
      zip(bytes, scheme).allSatisfy({ $0 | 0x20 == $1 })
    else { return nil }
    self.init(hashing: Array(bytes[scheme.count...]))
  }
}
