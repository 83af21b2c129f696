import Foundation
import Testing
import TrustBudgetClient
import TrustBudgetTesting

/// What is said of a request that may still be under way.
struct OpenOutcomeTests {
  private static let unavailable = ScriptedNode.Answer(
    status: "503 Service Unavailable",
    body: #"{"type":"urn:trust-budget:ledger-unavailable","detail":"nothing was charged"}"#)
  private static let allowed = ScriptedNode.Answer(
    status: "200 OK",
    body: """
      {"decision":"allowed","request_id":"open","principals":["user"],"max_duration":"15m",\
      "trust_budget":{"budget_id":"user:alice","cost":1,"remaining":4}}
      """)

  @Test func `an attempt without an answer counts more than the refusals of others`() async throws {
    try await ScriptedNode.with([nil, Self.unavailable]) { node in
      let client = TrustBudgetClient(server: node.url, patience: .seconds(2))
      let error = await #expect(throws: Unreachable.self) {
        try await client.authorize(AuthorizationRequest(username: "alice"))
      }
      #expect(error?.isOutcomeUnknown == true)
      #expect(error?.description.hasSuffix("is not known") == true)
    }
  }

  @Test(
    arguments: [
      nil, .init(status: "502 Bad Gateway", body: "<html>a proxy's</html>"),
      .init(status: "200 OK", body: "<html>a proxy's</html>"),
    ] as [ScriptedNode.Answer?])
  func `what only asks carries nothing out, whatever becomes of it`(answer: ScriptedNode.Answer?)
    async throws
  {
    try await ScriptedNode.with([answer]) { node in
      let client = TrustBudgetClient(server: node.url, patience: .seconds(2))
      let error = await #expect(throws: (any Error).self) { try await client.breakGlassEvents() }
      #expect(error.map { "\($0)".contains("carried out") } == false)
    }
  }

  @Test func `an answer that is too long is not asked for again, and may have been a yes`()
    async throws
  {
    let long = ScriptedNode.Answer(
      status: "200 OK", body: String(repeating: " ", count: 2 << 20))
    try await ScriptedNode.with([long, Self.allowed]) { node in
      let client = TrustBudgetClient(server: node.url)
      let error = await #expect(throws: Unreachable.self) {
        try await client.authorize(AuthorizationRequest(username: "alice"))
      }
      #expect(error?.isTemporary == false && error?.isOutcomeUnknown == true)
      #expect(error?.reason == "its answer is too long to be read")
    }
  }

  @Test func `no attempt is begun that would be cut short, and hide what the node has said`()
    async throws
  {
    var slow = Self.unavailable
    slow.delay = 1.2
    try await ScriptedNode.with([slow]) { node in
      let client = TrustBudgetClient(server: node.url, patience: .seconds(2))
      let error = await #expect(throws: Problem.self) {
        try await client.authorize(AuthorizationRequest(username: "alice"))
      }
      #expect(error?.description.contains("nothing was charged") == true)
    }
  }

  @Test(arguments: [
    "301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect",
  ])
  func `a server that sends elsewhere is not followed, and where to is said`(status: String)
    async throws
  {
    let elsewhere = ScriptedNode.Answer(
      status: status, body: "", location: "https://elsewhere.invalid/v1/authorizations")
    try await ScriptedNode.with([elsewhere, Self.allowed]) { node in
      let end = try await Program.run(
        "exec", "--unix-socket", node.path, "--username", "alice", "--", "true")
      #expect(end.status == 1)
      #expect(
        end.errors.hasSuffix(
          "sends elsewhere; ask there: https://elsewhere.invalid/v1/authorizations\n"),
        "\(end.errors)")
    }
  }

  private static func problem(_ status: String, _ kind: String) -> ScriptedNode.Answer {
    .init(status: status, body: #"{"type":"urn:trust-budget:\#(kind)","detail":"The words."}"#)
  }

  @Test(arguments: [
    problem("401 Unauthorized", "unauthenticated"), problem("403 Forbidden", "forbidden"),
    problem("500 Internal Server Error", "internal-error"),
    problem("400 Bad Request", "invalid-request"), problem("403 Forbidden", "no-matching-rule"),
    .init(status: "403 Forbidden", body: "<html>a proxy's</html>"),
    .init(status: "200 OK", body: "<html>a proxy's</html>"),
  ])
  func `what does not say what became of an attempt without an answer leaves that open`(
    last: ScriptedNode.Answer
  ) async throws {
    try await ScriptedNode.with([nil, last]) { node in
      let end = try await Program.run(
        "exec", "--unix-socket", node.path, "--username", "alice", "--request-id", "open-1", "--",
        "true")
      #expect(end.status == 1)
      #expect(
        end.errors.localizedCaseInsensitiveContains(
          "whether the request was carried out is not known"), "\(end.errors)")
      #expect(end.errors.hasSuffix("charged once: --request-id open-1\n"), "\(end.errors)")
    }
  }

  @Test(arguments: [
    problem("403 Forbidden", "budget-exhausted"), problem("409 Conflict", "already-settled"),
    problem("422 Unprocessable Content", "request-mismatch"),
  ])
  func `what the ledger decided is believed, whatever came of the attempt before`(
    last: ScriptedNode.Answer
  ) async throws {
    try await ScriptedNode.with([nil, last]) { node in
      let end = try await Program.run(
        "exec", "--unix-socket", node.path, "--username", "alice", "--", "true")
      #expect(end.status == 1)
      #expect(end.errors == "trust-budget: The words.\n")
    }
  }

  @Test(arguments: ["200 OK", "500 Internal Server Error"])
  func `an answer that is no node's says nothing of the charge`(status: String) async throws {
    try await ScriptedNode.with([.init(status: status, body: "{}")]) { node in
      let end = try await Program.run(
        "exec", "--unix-socket", node.path, "--username", "alice", "--request-id", "open-2", "--",
        "true")
      #expect(end.status == 1)
      #expect(end.errors.contains("hether the request was carried out is not known"))
      #expect(end.errors.contains("--request-id open-2"))
      #expect(!end.errors.contains("Context"), "\(end.errors)")
    }
  }

  @Test(arguments: ["408 Request Timeout", "429 Too Many Requests"])
  func `who is only too slow or too soon asks again`(status: String) async throws {
    try await ScriptedNode.with([.init(status: status, body: ""), Self.allowed]) { node in
      let client = TrustBudgetClient(server: node.url)
      let answer = try await client.authorize(AuthorizationRequest(username: "alice"))
      #expect(answer.requestID == "open")
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal while the node is asked ends it, and says under which id to ask again`(
    signal: Int32
  ) async throws {
    try await Undertaker.shared.withDirectory { directory in
      // Takes connections, and never looks at them.
      let listener = try UnixSocket.listen(at: directory.file("node"))
      defer { close(listener) }
      try await Program.with([
        "exec", "--unix-socket", directory.file("node"), "--username", "alice", "--request-id",
        "cut", "--", "echo", "ran",
      ]) { program in
        try await wait(for: "it to wait") { program.errors.contains("no answer yet") }
        program.signal(signal)
        let end = try await program.end()
        #expect(end.status == 128 + signal)
        #expect(end.output == "")
        #expect(end.errors.contains("whether the request was charged is not known"))
        #expect(end.errors.hasSuffix("charged once: --request-id cut\n"), "\(end.errors)")
      }
    }
  }

  @Test func `a repetition after a lost answer is not taken for proof of an earlier attempt`()
    async throws
  {
    let replayed = Self.allowed.body.dropLast() + #","replayed":true}"#
    let answers: [ScriptedNode.Answer?] = [
      nil, .init(status: "200 OK", body: String(replayed)),
      .init(status: "200 OK", body: #"{"state":"charged","username":"alice"}"#),
    ]
    try await ScriptedNode.with(answers) { node in
      let end = try await Program.run(
        "exec", "--unix-socket", node.path, "--username", "alice", "--request-id", "open", "--",
        "false")
      #expect(end.status == 1)
      #expect(
        end.errors.contains("this attempt's first answer was lost, so whether an earlier one"),
        "\(end.errors)")
      #expect(end.errors.contains("POST /v1/charges/open/refund"))
    }
  }

  @Test func `a lost answer's charge is given back, though its rule has no budget by now`()
    async throws
  {
    let free = """
      {"decision":"allowed","request_id":"open","principals":["user"],"max_duration":"15m"}
      """
    let answers: [ScriptedNode.Answer?] = [
      nil, .init(status: "200 OK", body: free),
      .init(status: "200 OK", body: #"{"state":"charged","username":"alice"}"#),
    ]
    try await ScriptedNode.with(answers) { node in
      let end = try await Program.run(
        "exec", "--unix-socket", node.path, "--username", "alice", "--", "false")
      #expect(end.status == 1)
      #expect(
        end.errors.hasSuffix(
          "trust-budget: refunded, because the signing command ended with status 1.\n"),
        "\(end.errors)")
    }
  }

  @Test func `a refund without an answer may have been made`() async throws {
    try await ScriptedNode.with([Self.allowed, nil]) { node in
      let end = try await Program.run(
        "exec", "--unix-socket", node.path, "--username", "alice", "--", "false")
      #expect(end.status == 1)
      #expect(
        end.errors.contains("open is charged, and whether it is refunded is not known"),
        "\(end.errors)")
      #expect(end.errors.contains("POST /v1/charges/open/refund"))
    }
  }
}
