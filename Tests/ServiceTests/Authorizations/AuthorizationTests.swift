import Foundation
import Testing

/// The answers of `POST /v1/authorizations`, to the letter.
@Suite(.service())
struct AuthorizationTests {
  private let disclaimer: JSON =
    "Experimental. Opt-in. Governance primitive. May change or be removed."

  @Test func `an allowed request is answered with its grant and its receipt`() async throws {
    let reply = try await Service.current.node.authorize(
      "dev-allowed", ["request_id": "allowed-1"])
    let resetsAt = reply.json["trust_budget"]["resets_at"]
    #expect(reply.status == 200)
    #expect(reply.header("content-type") == "application/json")
    #expect(
      reply.json == [
        "decision": "allowed", "request_id": "allowed-1", "rule": "Developer",
        "principals": ["user", "git"], "max_duration": "15m",
        "trust_budget": [
          "budget_id": "user:dev-allowed", "cost": 1, "remaining": 2, "resets_at": resetsAt,
          "experimental": true, "disclaimer": disclaimer,
        ],
      ])
    #expect(try #require(resetsAt.text).wholeMatch(of: Self.wholeSecond) != nil)
  }

  private static var wholeSecond: Regex<Substring> {
    /[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z/
  }

  @Test func `a denied request is answered with a problem that says when to come back`()
    async throws
  {
    let node = try Service.current.node
    for _ in 1...3 { #expect(try await node.authorize("dev-denied").status == 200) }
    let reply = try await node.authorize("dev-denied", ["request_id": "denied-1"])
    let resetsAt = try #require(reply.json["resets_at"].text)
    #expect(reply.status == 403)
    #expect(reply.header("content-type") == "application/problem+json")
    #expect(
      reply.json == [
        "type": "urn:trust-budget:budget-exhausted", "title": "Budget exhausted", "status": 403,
        "detail": .text(
          "Trust budget exhausted. This request requires 1 point; 0 remain. "
            + "Budget resets at \(resetsAt)."),
        "request_id": "denied-1", "budget_id": "user:dev-denied", "cost": 1, "remaining": 0,
        "resets_at": .text(resetsAt),
      ])
    let wait = try #require(reply.retryAfter)
    let until = try Date(resetsAt, strategy: .iso8601).timeIntervalSinceNow
    #expect(abs(Double(wait) - until) < 30)
  }

  @Test func `without a scheduled reset nothing is said of one`() async throws {
    let node = try Service.current.node
    for left in [3, 1] {
      let reply = try await node.authorize("once-only")
      #expect(reply.json["trust_budget"]["remaining"] == JSON(left))
      #expect(reply.json["trust_budget"]["resets_at"] == .null)
    }
    let reply = try await node.authorize("once-only")
    #expect(
      reply.json["detail"]
        == "Trust budget exhausted. This request requires 2 points; 1 remain.")
    #expect(reply.json["remaining"] == 1)
    #expect(!reply.json.names.contains("resets_at"))
    #expect(reply.retryAfter == nil)
  }

  @Test func `a rule without a budget leaves no trace in the ledger`() async throws {
    let service = try Service.current
    let reply = try await service.node.authorize("free-bird", ["request_id": "free-1"])
    #expect(
      reply.json == [
        "decision": "allowed", "request_id": "free-1", "rule": "Free", "principals": ["guest"],
        "max_duration": "15m",
      ])
    #expect(try await service.node.get("/v1/charges/free-1").status == 404)
    #expect(try await service.entries(of: "user:free-bird") == [:])
  }

  @Test func `a rule with a list of budgets charges all or none`() async throws {
    let node = try Service.current.node
    let groups: JSON = ["oidc_groups": ["dev"]]
    for left in [(2, 2), (1, 0)] {
      let reply = try await node.authorize("anna", groups)
      #expect(
        reply.json["trust_budget"].list.map { $0["budget_id"] }
          == ["user:anna", "group:dev:anna"])
      #expect(
        reply.json["trust_budget"].list.map { $0["remaining"] } == [JSON(left.0), JSON(left.1)])
    }
    let reply = try await node.authorize("anna", groups)
    #expect(reply.status == 403)
    #expect(reply.json["budget_id"] == "group:dev:anna")
    #expect(
      reply.json["detail"]
        == "Trust budget group:dev:anna exhausted. This request requires 2 points; 0 remain.")
    #expect(try await node.get("/v1/budgets/user:anna").json["balance"] == 1)
  }

  @Test func `an observed budget never denies, and shows by how much it is exceeded`()
    async throws
  {
    let service = try Service.current
    for left in [0, -1, -2] {
      let reply = try await service.node.authorize("watched-w")
      #expect(reply.status == 200)
      #expect(reply.json["trust_budget"]["remaining"] == JSON(left))
    }
    let entry = try await service.node.get("/v1/budgets/user:watched-w/entries?limit=1").json
    #expect(entry["entries"][0]["detail"]["would_deny"] == true)
    #expect(try await service.entries(of: "user:watched-w") == ["allocation": 1, "charge": 3])
  }

  @Test func `what the policy refuses is a problem of its own, and takes nothing`() async throws {
    let service = try Service.current
    let refusals: [(String, JSON, String)] = [
      ("nobody", [:], "no-matching-rule"),
      ("dev-limit", ["requested_duration": "16m"], "policy-limit"),
      ("dev-limit", ["requested_principals": ["root"]], "policy-limit"),
      ("mail-less", [:], "missing-identity"),
    ]
    for (username, more, problem) in refusals {
      let reply = try await service.node.authorize(username, more)
      #expect(reply.status == 403)
      #expect(reply.problem == problem)
      #expect(reply.json["request_id"].text != nil)
    }
    #expect(try await service.entries(of: "user:dev-limit") == [:])
    #expect(
      try await service.node.authorize("mail-less").json["detail"].text?.contains("email") == true)
  }

  @Test func `two identities never meet in one budget`() async throws {
    let node = try Service.current.node
    let reply = try await node.authorize("mail-a", ["email": "a:b/c%d@example.com"])
    let id = "mail:a%3Ab%2Fc%25d@example.com"
    #expect(reply.json["trust_budget"]["budget_id"] == .text(id))
    let path = "/v1/budgets/mail%3Aa%253Ab%252Fc%2525d@example.com"
    let budget = try await node.get(path)
    #expect(budget.json["budget_id"] == .text(id))
    #expect(budget.json["balance"] == 99)
    #expect(try await node.get(path + "/entries").json["entries"].list.count == 2)
  }
}
