import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Asks a Trust Budget node before a certificate is signed.
///
/// A request is repeated under the same id while the node cannot be reached or cannot answer, so an
/// attempt is charged once however often it is sent. What the node refuses is a ``Problem``: one that
/// ``Problem/isUnauthenticated`` needs another token, one that ``Problem/isForbidden`` another role.
///
/// In a task that is cancelled, each call throws `CancellationError` as soon as it would wait. What was sent may have
/// been carried out by then, or may be yet: asking again under the same id tells.
public struct TrustBudgetClient: Sendable {
  private let server: String
  private let http: HTTPClient
  private let token: String?
  package var patience: Duration
  private let traceparent: String?
  /// The longest answer that is read, in bytes.
  private var longestAnswer = 1 << 20

  /// - Parameters:
  ///   - server: the node's address: `https://ledger.internal:8470`, or `http+unix://` and the
  ///     percent-encoded path of its Unix socket.
  ///   - token: what `trust-budget token create` printed, with white space around it or not; nil for a node that takes
  ///     everybody's word.
  ///   - http: the HTTP client to send with; ``TransportSecurity`` makes one that knows the node's CA. One that
  ///     follows redirects, such as `HTTPClient.shared`, may have a request carried out elsewhere.
  ///   - patience: how long to try, in all, before giving up; a year at most. There is one attempt at least.
  ///   - traceparent: the trace that the requests belong to, as W3C Trace Context writes it; nil, or what no header
  ///     may have: none.
  public init(
    server: String, token: String? = nil, http: HTTPClient = TransportSecurity.usual,
    patience: Duration = .seconds(10), traceparent: String? = nil
  ) {
    self.server = server
    self.token = token?.trimmingCharacters(in: .whitespacesAndNewlines)
    self.http = http
    self.patience = min(max(patience, .zero), Self.longestPatience)
    self.traceparent = traceparent.flatMap { Self.mayBeInHeader($0) ? $0 : nil }
  }

  /// Asks whether somebody may have a certificate, and charges its budget.
  ///
  /// - Throws: ``Problem`` when the answer is no, ``Unreachable`` when there is none.
  public func authorize(_ request: AuthorizationRequest) async throws -> Authorization {
    var (authorization, open): (Authorization, (any Error)?) = try await answer(
      to: try post("/v1/authorizations", request))
    authorization.followsOpenAttempt = open != nil
    return authorization
  }

  /// Tells that the certificate of a charge exists.
  ///
  /// - Throws: ``Problem`` when the charge is settled with another certificate or was refunded,
  ///   ``Unreachable`` when there is no answer.
  public func settle(_ requestID: String, certificate: SignedCertificate) async throws {
    let _: Ignored = try await answer(
      to: try post("/v1/charges/\(Self.pathComponent(requestID))/settlement", certificate))
  }

  /// What became of a charge.
  ///
  /// - Throws: ``Problem`` when the charge is unknown, ``Unreachable`` when there is no answer.
  public func state(ofCharge requestID: String) async throws -> ChargeState {
    try await charge(requestID).state
  }

  /// What became of a charge, and whose it is.
  package func charge(
    _ requestID: String
  ) async throws -> (state: ChargeState, username: String) {
    struct Charge: Decodable {
      let state: ChargeState
      let username: String
    }
    let charge: Charge = try await answer(
      to: try request("/v1/charges/\(Self.pathComponent(requestID))"))
    return (charge.state, charge.username)
  }

  /// Gives a charge back, because nothing was signed.
  ///
  /// - Throws: ``Problem`` when the charge is settled or unknown, ``Unreachable`` when there is no
  ///   answer.
  public func refund(_ requestID: String, reason: String) async throws {
    let _: Ignored = try await answer(
      to: try post("/v1/charges/\(Self.pathComponent(requestID))/refund", ["reason": reason]))
  }

  /// Asks for a certificate in an emergency. No budget blocks it, and everybody will hear of it.
  ///
  /// - Throws: ``Problem`` when the answer is no, or when the request could not be recorded;
  ///   ``Unreachable`` when there is no answer.
  public func breakGlass(_ request: BreakGlassRequest) async throws -> BreakGlassGrant {
    try await answer(to: try post("/v1/break-glass", request))
  }

  /// The emergency certificates, the newest first.
  ///
  /// - Parameters:
  ///   - limit: how many at most, from 1 to 1,000.
  ///   - cursor: ``BreakGlassPage/nextCursor`` of the page before; nil for the newest.
  /// - Throws: ``Problem`` when the answer is no, ``Unreachable`` when there is none.
  public func breakGlassEvents(
    limit: Int = 100, cursor: String? = nil
  ) async throws -> BreakGlassPage {
    let more = cursor.map { "&cursor=\(Self.pathComponent($0))" } ?? ""
    var client = self
    // A thousand events, each as long as a request may be, with what JSON and the policy add.
    client.longestAnswer = 1_000 << 17
    return try await client.answer(to: try request("/v1/break-glass?limit=\(limit)\(more)"))
  }

  private struct Ignored: Decodable {}

  /// What is longer cannot be counted in the units of everything that waits.
  private static let longestPatience = Duration.seconds(365 * 86_400)

  /// Whether a header may have such a value: no control characters, of which a new line would begin another header.
  private static func mayBeInHeader(_ value: String) -> Bool {
    value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }

  private static func pathComponent(_ text: String) -> String {
    let unreserved = CharacterSet(
      charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text
  }

  private func post(_ path: String, _ body: some Encodable) throws -> HTTPClientRequest {
    var request = try request(path)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/json")
    request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
    return request
  }

  /// What every request has: where it goes, who asks, and the trace that it belongs to.
  private func request(_ path: String) throws -> HTTPClientRequest {
    var request = HTTPClientRequest(url: try baseURL() + path)
    if let token {
      guard Self.mayBeInHeader(token) else {
        throw Unreachable(
          server: server, reason: "it was not asked, for what was given for the token is none")
      }
      request.headers.add(name: "authorization", value: "Bearer \(token)")
    }
    if let traceparent { request.headers.add(name: "traceparent", value: traceparent) }
    return request
  }

  private func answer<Answer: Decodable>(to request: HTTPClientRequest) async throws -> Answer {
    try await answer(to: request).0
  }

  /// - Returns: the answer; and what came of an attempt that may have got through before, or may yet.
  private func answer<Answer: Decodable>(
    to request: HTTPClientRequest
  ) async throws -> (Answer, open: (any Error)?) {
    let deadline = ContinuousClock.now + patience
    var pause = Duration.milliseconds(100)
    var problem: Problem?
    // What only asks carries nothing out.
    let isReading = request.method == .GET
    // It forbids to say what became of the request.
    var open: (any Error)?
    while true {
      let failure: any Error
      let start = ContinuousClock.now
      do {
        return (try await attempt(request, before: deadline), open)
      } catch var refusal as Problem {
        if isReading { refusal.isOutcomeUnknown = false }
        guard refusal.isTemporary else {
          if open != nil, !refusal.isDecisive { refusal.isOutcomeUnknown = true }
          throw refusal
        }
        problem = refusal
        if refusal.isOutcomeUnknown { open = refusal }
        failure = open ?? refusal
      } catch {
        try Task.checkCancellation()
        var unreachable = error as? Unreachable ?? Unreachable(server: server, error)
        if isReading { unreachable.isOutcomeUnknown = false }
        guard unreachable.isTemporary else {
          if open != nil { unreachable.isOutcomeUnknown = true }
          throw unreachable
        }
        if unreachable.isOutcomeUnknown { open = unreachable }
        // Where none is open, the node's own words say most.
        failure = open ?? problem ?? unreachable
      }
      // One that takes as long as the last must come to its end: cut short, it would hide what is known.
      guard .now + pause + (.now - start) < deadline else { throw failure }
      try await Task.sleep(for: pause)
      pause = min(pause * 2, .seconds(2))
    }
  }

  /// Sends a request once.
  private func attempt<Answer: Decodable>(
    _ request: HTTPClientRequest, before deadline: ContinuousClock.Instant
  ) async throws -> Answer {
    let (status, headers, content) = try await send(request, before: deadline)
    if (300..<400).contains(status), let location = headers.first(name: "location") {
      throw Unreachable(server: server, reason: "it sends elsewhere; ask there: \(location)")
    }
    guard (200..<300).contains(status) else {
      throw Problem(
        status: status, retryAfter: headers.first(name: "retry-after"), content: content)
    }
    guard let answer = try? JSONDecoder().decode(Answer.self, from: content) else {
      throw Unreachable(server: server, unreadableStatus: status)
    }
    return answer
  }

  /// Whether a node may be at such an address: `http://127.0.0.1:8470`, say.
  public static func isAddress(_ text: String) -> Bool {
    guard let url = URLComponents(string: text) else { return false }
    return ["http", "https", "http+unix"].contains(url.scheme) && url.host?.isEmpty == false
      && (1...65_535).contains(url.port ?? 80) && url.query == nil
      && url.fragment == nil && !holdsCredentials(text)
  }

  /// Whether an address has a user name or a password in it, as `http://user:password@127.0.0.1` has. A node asks
  /// for tokens, and these would not be sent.
  public static func holdsCredentials(_ address: String) -> Bool {
    URLComponents(string: address).map { $0.user != nil || $0.password != nil } ?? false
  }

  /// The server's address, without a slash at its end.
  private func baseURL() throws -> String {
    guard Self.isAddress(server) else {
      throw Unreachable(
        server: server,
        reason: Self.holdsCredentials(server)
          ? "it asks for a token, not for a user name and a password in its address"
          : "an address looks like http://127.0.0.1:8470")
    }
    return server.hasSuffix("/") ? String(server.dropLast()) : server
  }

  private func send(
    _ request: HTTPClientRequest, before deadline: ContinuousClock.Instant
  ) async throws -> (status: UInt, headers: HTTPHeaders, content: Data) {
    let left = Int64((deadline - .now) / .milliseconds(1))
    let response = try await http.execute(request, timeout: .milliseconds(max(left, 1)))
    let body = try await response.body.collect(upTo: longestAnswer)
    return (response.status.code, response.headers, Data(buffer: body))
  }
}
