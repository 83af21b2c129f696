import Testing

/// What administrators do about a budget.
@Suite(.service(nodes: 2))
struct AdministrationTests {
  private func exhaust(_ budget: String, _ service: Service) async throws {
    let reply = try await service.node.post(
      "/v1/charges",
      [
        "username": "u", "budget_id": .text(budget), "cost": 5, "initial_balance": 5,
        "reset_interval_hours": 24,
      ])
    #expect(reply.status == 200)
  }

  @Test func `points are added and taken, with a reason, and once per id`() async throws {
    let service = try Service.current
    try await exhaust("adjusted", service)
    let path = "/v1/budgets/adjusted/adjustments"
    let change: JSON = ["points": 7, "reason": "incident 4711", "request_id": "a1"]
    let added = try await service.nodes[0].post(path, change)
    #expect(added.status == 200)
    #expect(added.json["balance"] == 7)
    #expect(added.json["adjustment"] == 7)
    let again = try await service.nodes[1].post(path, change)
    #expect(again.json["replayed"] == true)
    #expect(again.json["balance"] == 7)

    let taken = try await service.nodes[1].post(path, ["points": -9, "reason": "5 €\n→ 4 €"])
    #expect(taken.json["balance"] == -2)
    let entry = try await service.node.get("/v1/budgets/adjusted/entries?limit=1").json["entries"][
      0]
    #expect(entry["kind"] == "adjustment")
    #expect(entry["detail"]["points"] == -9)
    #expect(entry["detail"]["reason"] == "5 € → 4 €")
    #expect(entry["node"] == "node-2")
  }

  @Test func `an adjustment's id with other content is refused`() async throws {
    let service = try Service.current
    try await exhaust("twice", service)
    let path = "/v1/budgets/twice/adjustments"
    _ = try await service.node.post(path, ["points": 1, "reason": "x", "request_id": "a2"])
    let other = try await service.node.post(
      path, ["points": 2, "reason": "x", "request_id": "a2"])
    #expect(other.status == 422)
    #expect(other.problem == "request-mismatch")
  }

  @Test func `an adjustment of nothing, or out of range, is refused`() async throws {
    let service = try Service.current
    try await exhaust("bounded", service)
    let path = "/v1/budgets/bounded/adjustments"
    let most: Int64 = (1 << 53) - 1
    // With the five that are allocated, all that a number can say.
    _ = try await service.node.post(path, ["points": JSON(most - 5), "reason": "x"])
    for points in [JSON(0), JSON(1), JSON(most)] {
      let reply = try await service.node.post(path, ["points": points, "reason": "x"])
      #expect(reply.status == 400, "\(points): \(reply.json)")
      #expect(reply.problem == "invalid-request")
      #expect(reply.badFields == ["points"])
    }
    let reply = try await service.node.post(path, ["points": 1, "reason": "x"])
    #expect(
      reply.json["detail"]
        == "points would take the budget beyond what is kept exactly (2^53 - 1).")
  }

  @Test func `a reset begins a new window, and leaves the schedule where it was`() async throws {
    let service = try Service.current
    try await exhaust("renewed", service)
    let before = try await service.node.get("/v1/budgets/renewed").json
    #expect(before["status"] == "exhausted")
    let reset = try await service.node.post(
      "/v1/budgets/renewed/resets", ["reason": "incident 4711", "request_id": "z1"])
    #expect(reset.status == 200)
    #expect(reset.json["balance"] == 5)
    #expect(reset.json["status"] == "available")
    #expect(reset.json["resets_at"] == before["resets_at"])
    let again = try await service.nodes[1].post(
      "/v1/budgets/renewed/resets", ["reason": "incident 4711", "request_id": "z1"])
    #expect(again.json["replayed"] == true)
    #expect(
      try await service.entries(of: "renewed") == ["allocation": 1, "charge": 1, "reset": 1])
  }

  @Test(arguments: ["adjustments", "resets"])
  func `a budget that does not exist is not made`(change: String) async throws {
    let service = try Service.current
    let body: JSON =
      change == "resets" ? ["reason": "x"] : ["points": 5, "reason": "x"]
    let reply = try await service.node.post("/v1/budgets/none/\(change)", body)
    #expect(reply.status == 404)
    #expect(reply.problem == "not-found")
    #expect(try await service.node.get("/v1/budgets/none").status == 404)
  }
}
