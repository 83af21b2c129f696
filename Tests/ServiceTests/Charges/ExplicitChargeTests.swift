import Testing
import TrustBudgetTesting

/// `/v1/charges`: explicit terms, one charge or many.
@Suite(.service(nodes: 2))
struct ExplicitChargeTests {
  @Test func `who asks for too short a window is told the shortest, and gets it`() async throws {
    let node = try Service.current.node
    var charge: [String: JSON] = ["username": "u", "budget_id": "short"]
    charge["reset_interval_hours"] = 1e-9
    let refused = try await node.post("/v1/charges", .object(charge))
    #expect(refused.badFields == ["reset_interval_hours"])
    #expect(refused.json["detail"].text?.contains("at least a millisecond (0.00000028)") == true)
    charge["reset_interval_hours"] = 0.00000028
    #expect(try await node.post("/v1/charges", .object(charge)).status == 200)
  }

  @Test func `a charge answers its receipt, and is found under its id on every node`() async throws
  {
    let service = try Service.current
    let reply = try await service.nodes[0].post(
      "/v1/charges",
      [
        "request_id": "c/1", "username": "zoë", "budget_id": "team:receipt", "cost": 3,
        "initial_balance": 10, "reset_interval_hours": 0.5,
      ])
    let receipt = reply.json["trust_budget"]
    #expect(reply.status == 200)
    #expect(
      reply.json.without("trust_budget") == ["decision": "allowed", "request_id": "c/1"])
    #expect(receipt["budget_id"] == "team:receipt")
    #expect(receipt["cost"] == 3)
    #expect(receipt["remaining"] == 7)

    let found = try await service.nodes[1].get("/v1/charges/c%2F1")
    #expect(found.status == 200)
    #expect(found.json["state"] == "charged")
    #expect(found.json["username"] == "zoë")
    #expect(found.json["trust_budget"] == [receipt])
    #expect(found.json["charged_at"].text != nil)
  }

  @Test func `what is not said is one point of a hundred, for ever`() async throws {
    let node = try Service.current.node
    _ = try await node.post("/v1/charges", ["username": "u", "budget_id": "team:default"])
    let budget = try await node.get("/v1/budgets/team:default").json
    #expect(budget["balance"] == 99)
    #expect(budget["initial_balance"] == 100)
    #expect(budget["reset_interval_hours"] == .null)
    #expect(budget["resets_at"] == .null)
  }

  @Test func `the largest amounts are kept exactly`() async throws {
    let node = try Service.current.node
    let most: Int64 = (1 << 53) - 1
    let charge: JSON = [
      "username": "u", "budget_id": "team:most", "cost": JSON(most), "initial_balance": JSON(most),
    ]
    let reply = try await node.post("/v1/charges", charge)
    #expect(reply.json["trust_budget"]["cost"] == JSON(most))
    #expect(reply.json["trust_budget"]["remaining"] == 0)
    #expect(try await node.post("/v1/charges", charge).status == 403)
  }

  @Test func `each charge of a batch is decided on its own, and answered in its place`()
    async throws
  {
    let service = try Service.current
    let charge = { (id: String, cost: Int) -> JSON in
      [
        "request_id": .text(id), "username": "u", "budget_id": .text("team:batch-\(id)"),
        "cost": JSON(cost), "initial_balance": 10,
      ]
    }
    let earlier = try await service.node.post("/v1/charges", charge("b1", 1))
    #expect(earlier.status == 200)
    let reply = try await service.node.post(
      "/v1/charges/batch",
      ["charges": [charge("b1", 2), charge("b2", 11), charge("b3", 10), charge("b1", 1)]])
    #expect(reply.status == 200)
    let answers = reply.json["answers"]
    #expect(answers.list.count == 4)
    #expect(answers[0]["type"] == "urn:trust-budget:request-mismatch")
    #expect(answers[1]["type"] == "urn:trust-budget:budget-exhausted")
    #expect(answers[1]["request_id"] == "b2")
    #expect(answers[2]["trust_budget"]["remaining"] == 0)
    #expect(answers[3].without("replayed") == earlier.json)
  }

  @Test func `a batch of a thousand is answered in order, and one more is refused`() async throws {
    let service = try Service.current
    let charges = (0..<1_000).map { number -> JSON in
      [
        "request_id": "thousand-\(number)", "username": "u",
        "budget_id": "team:thousand-\(number % 7)", "initial_balance": 200,
      ]
    }
    let reply = try await service.node.post("/v1/charges/batch", ["charges": .list(charges)])
    let answers = reply.json["answers"].list
    #expect(answers.count == 1_000)
    #expect(answers.allSatisfy { $0["decision"] == "allowed" })
    #expect(answers.map { $0["request_id"] } == charges.map { $0["request_id"] })

    let again = try await service.nodes[1].post("/v1/charges/batch", ["charges": .list(charges)])
    #expect(again.json["answers"].list.map { $0.without("replayed") } == answers)

    let more: JSON = ["charges": .list(charges + [charges[0]])]
    let refused = try await service.node.post("/v1/charges/batch", more)
    #expect(refused.status == 400)
    #expect(refused.badFields == ["charges"])
  }

  @Test(arguments: 0..<5)
  func `the charges of a batch on one budget are decided in their order`(number: Int) async throws {
    let charges = (0..<400).map { _ -> JSON in
      ["username": "u", "budget_id": "team:order-\(number)", "initial_balance": 200]
    }
    let reply = try await Service.current.node.post(
      "/v1/charges/batch", ["charges": .list(charges)])
    let answers = reply.json["answers"].list
    #expect(
      answers.prefix(200).map { $0["trust_budget"]["remaining"] }
        == (0..<200).reversed().map { JSON($0) })
    #expect(answers.dropFirst(200).allSatisfy { $0["status"] == 403 })
  }

  @Test func `each bad field of a batch is named, with its charge, and none is charged`()
    async throws
  {
    let service = try Service.current
    let good: JSON = ["username": "u", "budget_id": "team:bad-batch"]
    let refused = try await service.node.post(
      "/v1/charges/batch",
      [
        "charges": [
          good, ["username": "", "cost": -1], ["username": "u", "budget_id": "b", "ccost": 3], good,
          "none",
        ]
      ])
    #expect(refused.status == 400)
    #expect(
      refused.badFields == [
        "charges[1].username", "charges[1].budget_id", "charges[1].cost", "charges[2].ccost",
        "charges[4]",
      ])
    #expect(try await service.node.get("/v1/budgets/team:bad-batch").status == 404)

    let worthless = try await service.node.post(
      "/v1/charges/batch", ["charges": .list(Array(repeating: [:], count: 1_000))])
    #expect(worthless.badFields.count == 100)
    #expect(worthless.json["detail"].text?.hasSuffix("; and 1900 more.") == true)
  }

  @Test func `a budget resets when its window is over, and says so beforehand`() async throws {
    let service = try Service.current
    let node = try service.node
    // A window of 3.6 seconds: a busy machine gets to ask twice in it.
    let charge: JSON = [
      "username": "u", "budget_id": "team:reset", "initial_balance": 1,
      "reset_interval_hours": 0.001,
    ]
    #expect(try await node.post("/v1/charges", charge).status == 200)
    var denials = 0
    try await wait(for: "the reset", within: .seconds(20)) {
      let reply = try await node.post("/v1/charges", charge)
      if reply.status == 403 {
        denials += 1
        #expect([1, 2, 3, 4, 5].contains(reply.retryAfter))
      }
      return reply.status == 200
    }
    #expect(denials > 0)
    let kinds = try await service.database.query(
      """
      SELECT kind FROM trust_budget.audit_entries
      WHERE budget_id = 'team:reset' AND kind <> 'denial' ORDER BY budget_seq
      """)
    #expect(kinds == [["allocation"], ["charge"], ["reset"], ["charge"]])
  }
}
