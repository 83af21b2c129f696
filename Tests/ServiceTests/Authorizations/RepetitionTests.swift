import Testing
import TrustBudgetTesting

/// One `request_id` is one charge, however often and wherever it is sent.
@Suite(.service(nodes: 2))
struct RepetitionTests {
  @Test func `one request sent fifty times at once to two nodes is one charge`() async throws {
    let service = try Service.current
    let replies = try await concurrently(50) { number in
      try await service.nodes[number % 2].authorize("dev-fifty", ["request_id": "fifty"])
    }
    #expect(replies.allSatisfy { $0.status == 200 })
    #expect(replies.count { !$0.json.names.contains("replayed") } == 1)
    #expect(replies.count { $0.json["replayed"] == true } == 49)
    #expect(Set(replies.map { $0.json.without("replayed") }).count == 1)
    #expect(try await service.entries(of: "user:dev-fifty") == ["allocation": 1, "charge": 1])
  }

  @Test func `an id that was used for something else is refused`() async throws {
    let service = try Service.current
    let id: JSON = ["request_id": "mine"]
    #expect(try await service.nodes[0].authorize("dev-one", id).status == 200)
    let others = [
      try await service.nodes[1].authorize("dev-two", id),
      try await service.nodes[1].authorize(
        "dev-one", ["request_id": "mine", "source_ip": "10.0.0.1"]),
      try await service.nodes[1].post(
        "/v1/charges",
        ["request_id": "mine", "username": "dev-one", "budget_id": "user:dev-one"]),
    ]
    for reply in others {
      #expect(reply.status == 422)
      #expect(reply.problem == "request-mismatch")
    }
    #expect(try await service.entries(of: "user:dev-two") == [:])
    #expect(try await service.nodes[1].authorize("dev-one", id).json["replayed"] == true)
  }

  @Test func `groups and principals are sets, which need not be written alike again`() async throws
  {
    let service = try Service.current
    func ask(_ groups: JSON, _ principals: JSON) async throws -> Reply {
      try await service.nodes[1].authorize(
        "member",
        ["request_id": "sets", "oidc_groups": groups, "requested_principals": principals])
    }
    let first = try await ask(["sre", "dev"], ["root", "deploy"])
    #expect(first.status == 200)
    for (groups, principals): (JSON, JSON) in [
      (["dev", "sre"], ["deploy", "root"]), (["sre", "dev", "sre"], ["root", "deploy", "root"]),
    ] {
      let again = try await ask(groups, principals)
      #expect(again.json["replayed"] == true)
      #expect(again.json.without("replayed") == first.json)
    }
    for (groups, principals): (JSON, JSON) in [
      (["sre"], ["root", "deploy"]), (["sre", "dev"], ["root"]),
    ] {
      #expect(try await ask(groups, principals).problem == "request-mismatch")
    }
  }

  @Test func `a denied request may be sent again under its id`() async throws {
    let node = try Service.current.node
    let charge: JSON = [
      "request_id": "patient", "username": "u", "budget_id": "team:patient", "cost": 2,
      "initial_balance": 1,
    ]
    #expect(try await node.post("/v1/charges", charge).status == 403)
    #expect(try await node.post("/v1/charges", charge).status == 403)
    let adjusted = try await node.post(
      "/v1/budgets/team:patient/adjustments", ["points": 1, "reason": "patience"])
    #expect(adjusted.status == 200)
    #expect(try await node.post("/v1/charges", charge).status == 200)
    #expect(try await node.post("/v1/charges", charge).json["replayed"] == true)
  }

  @Test func `a caller that sends no id gets one`() async throws {
    let node = try Service.current.node
    let first = try await node.authorize("dev-idle")
    let second = try await node.authorize("dev-idle")
    let id = try #require(first.json["request_id"].text)
    #expect(second.json["request_id"] != .text(id))
    #expect(try await node.get("/v1/charges/\(id)").json["state"] == "charged")
  }
}
