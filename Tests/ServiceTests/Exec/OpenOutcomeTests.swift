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
    try await withNode([nil, Self.unavailable]) { node in
      let client = TrustBudgetClient(server: node.url, patience: .seconds(2))
      let error = await #expect(throws: Unreachable.self) {
        try await client.authorize(AuthorizationRequest(username: "alice"))
      }
      #expect(error?.isOutcomeUnknown == true)
      #expect(error?.description.hasSuffix("is not known") == true)
    }
  }

  @Test func `a refund without an answer may have been made`() async throws {
    try await withNode([Self.allowed, nil]) { node in
      let end = try await Program.run(
        "exec", "--unix-socket", node.path, "--username", "alice", "--", "false")
      #expect(end.status == 1)
      #expect(
        end.errors.contains("open is charged, and whether it is refunded is not known"),
        "\(end.errors)")
      #expect(end.errors.contains("POST /v1/charges/open/refund"))
    }
  }

  private func withNode(
    _ answers: [ScriptedNode.Answer?], _ body: (ScriptedNode) async throws -> Void
  ) async throws {
    try await Undertaker.shared.withDirectory { directory in
      let node = try ScriptedNode(in: directory, answers: answers)
      defer { node.stop() }
      try await body(node)
    }
  }
}
