import AsyncHTTPClient
import Foundation
import Testing
import TrustBudget
import TrustBudgetClient
import TrustBudgetTesting

/// What a CA in Swift gets from `TrustBudgetClient`.
struct ClientTests {
  private static let allowed = ScriptedNode.Answer(
    status: "200 OK",
    body: """
      {"decision":"allowed","request_id":"1","principals":["user"],"max_duration":"15m"}
      """)
  private let request = AuthorizationRequest(username: "alice")

  @Test func `a token is taken as its file has it, with a new line at its end`() async throws {
    try await Service.with(auth: "token") { service in
      let node = try service.node
      let secret = try await service.database.token("issuer", roles: [.issuer])
      try await wait(for: "the token to be known") {
        try await node.post("/v1/authorizations", ["username": "free-a"], with: secret).status
          == 200
      }
      let path = try service.directory.write(secret.text + "\n", to: "ca-1.token")
      let client = TrustBudgetClient(
        server: node.url, token: try String(contentsOfFile: path, encoding: .utf8))
      let answer = try await client.authorize(AuthorizationRequest(username: "dev-a"))
      #expect(answer.receipts.map(\.budgetID) == ["user:dev-a"])
    }
  }

  @Test func `a token that no header may have is refused, and nothing is sent`() async throws {
    try await ScriptedNode.with([Self.allowed]) { node in
      for token in ["tb_a\ntb_b", "tb_\0", "tb_a\r\nx: y"] {
        let client = TrustBudgetClient(server: node.url, token: token)
        let error = await #expect(throws: Unreachable.self) { try await client.authorize(request) }
        #expect(error?.isTemporary == false && error?.isOutcomeUnknown == false)
        #expect(error?.description.hasSuffix("the token is none") == true, "\(error as Any)")
      }
    }
  }

  @Test func `a trace that no header may have stands in no request's way`() async throws {
    try await ScriptedNode.with([Self.allowed]) { node in
      let client = TrustBudgetClient(server: node.url, traceparent: "00-4bf9\n")
      let answer = try await client.authorize(request)
      #expect(answer.requestID == "1")
    }
  }

  @Test func `an HTTP client that was shut down sends nothing, now or later`() async throws {
    let http = HTTPClient()
    try await http.shutdown()
    let client = TrustBudgetClient(server: "http://127.0.0.1:1", http: http)
    let error = await #expect(throws: Unreachable.self) { try await client.authorize(request) }
    #expect(error?.isTemporary == false && error?.isOutcomeUnknown == false)
  }

  @Test(arguments: [Int64.min, -1, 0, Int64.max])
  func `whatever patience somebody has, there is one attempt at least`(seconds: Int64) async throws
  {
    try await ScriptedNode.with([Self.allowed]) { node in
      let client = TrustBudgetClient(server: node.url, patience: .seconds(seconds))
      do {
        let answer = try await client.authorize(request)
        #expect(answer.requestID == "1")
      } catch let error as Unreachable {
        #expect(seconds <= 0, "\(error)")
      }
    }
  }

  @Test func `who is cancelled learns that, and not that the node gave no answer`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      // Takes connections, and never looks at them.
      let listener = try UnixSocket.listen(at: directory.file("node"))
      defer { close(listener) }
      let host = directory.file("node").addingPercentEncoding(withAllowedCharacters: .alphanumerics)
      let client = TrustBudgetClient(
        server: "http+unix://\(try #require(host))", patience: .zero)
      let asking = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await client.authorize(request)
      }
      await #expect(throws: CancellationError.self) { try await asking.value }
    }
  }

  @Test func `a denial has its figures as members`() async throws {
    try await Service.with { service in
      let client = TrustBudgetClient(server: try service.node.url)
      func refusal(of username: String) async throws -> Problem {
        for _ in 1...4 {
          do {
            _ = try await client.authorize(AuthorizationRequest(username: username))
          } catch let problem as Problem {
            return problem
          }
        }
        throw TestFailure("\(username) was refused nothing")
      }
      let daily = try await refusal(of: "dev-a")
      #expect(daily.kind == "budget-exhausted")
      #expect(daily.budgetID == "user:dev-a")
      #expect(daily.cost == 1 && daily.remaining == 0)
      let reset = try #require(daily.resetsAt)
      #expect(daily.detail.hasSuffix("Budget resets at \(reset)."))
      let wait = try #require(daily.retryAfter)
      #expect(wait > .seconds(80_000) && wait <= .seconds(86_401))
      let once = try await refusal(of: "once-a")
      #expect(once.cost == 2 && once.remaining == 1)
      #expect(once.resetsAt == nil && once.retryAfter == nil)
      let unmatched = try await refusal(of: "nobody")
      #expect(unmatched.kind == "no-matching-rule" && unmatched.budgetID == nil)
    }
  }
}
