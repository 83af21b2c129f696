import Testing

/// Budgets and their entries, page by page.
@Suite(.service())
struct ReadingTests {
  private func charge(_ budgets: [String], _ service: Service, cost: Int = 1) async throws {
    let charges = budgets.map { budget -> JSON in
      [
        "username": "u", "budget_id": .text(budget), "cost": JSON(cost), "initial_balance": 4,
      ]
    }
    let reply = try await service.node.post("/v1/charges/batch", ["charges": .list(charges)])
    #expect(reply.json["answers"].list.allSatisfy { $0["decision"] == "allowed" })
  }

  @Test func `pages follow each other in the order of names, and miss nothing`() async throws {
    let service = try Service.current
    let names = (0..<25).map { "page:\($0)" }
    try await charge(names, service)
    var seen: [String] = []
    var path = "/v1/budgets?prefix=page:&limit=10"
    var pages = 0
    while true {
      let page = try await service.node.get(path).json
      seen += page["budgets"].list.compactMap { $0["budget_id"].text }
      pages += 1
      guard let cursor = page["next_cursor"].text else { break }
      path = "/v1/budgets?prefix=page:&limit=10&cursor=\(cursor)"
    }
    #expect(pages == 3)
    #expect(seen == names.sorted())
  }

  @Test func `budgets are found by a beginning of their names that ends in a space`() async throws {
    let service = try Service.current
    try await charge(["spaced", "spaced out"], service)
    let page = try await service.node.get("/v1/budgets?prefix=spaced%20")
    #expect(page.json["budgets"].list.map { $0["budget_id"] } == ["spaced out"])
  }

  @Test func `budgets are found by what is left of them`() async throws {
    let service = try Service.current
    try await charge(["left:some"], service)
    try await charge(["left:none"], service, cost: 4)
    for (status, name) in [
      ("available", "left:some"), ("exhausted", "left:none"), ("low", "left:none"),
    ] {
      let page = try await service.node.get("/v1/budgets?prefix=left:&status=\(status)").json
      #expect(page["budgets"].list.map { $0["budget_id"] } == [.text(name)])
    }
  }

  @Test func `entries come newest first, page by page, with every column`() async throws {
    let service = try Service.current
    for _ in 1...4 { try await charge(["trail"], service) }
    let first = try await service.node.get("/v1/budgets/trail/entries?limit=3").json
    #expect(first["entries"].list.map { $0["budget_seq"] } == [5, 4, 3])
    let second = try await service.node.get(
      "/v1/budgets/trail/entries?limit=3&cursor=\(first["next_cursor"].text ?? "")"
    ).json
    #expect(second["entries"].list.map { $0["budget_seq"] } == [2, 1])
    #expect(second["next_cursor"] == .null)
    let beyond = try await service.node.get("/v1/budgets/trail/entries?cursor=1")
    #expect(beyond.json["entries"] == [])
    #expect(
      first["entries"][0].names == [
        "budget_id", "budget_seq", "kind", "username", "cost", "balance_before", "balance_after",
        "request_id", "part", "rule", "policy_digest", "actor", "node", "epoch", "detail",
        "occurred_at", "hash",
      ])
    #expect(first["entries"][0]["balance_before"] == 1)
    #expect(first["entries"][0]["balance_after"] == 0)
  }

  @Test func `an entry carries the rule and the digest of the policy that decided it`() async throws
  {
    let service = try Service.current
    _ = try await service.node.authorize("dev-digest")
    let entry = try await service.node.get("/v1/budgets/user:dev-digest/entries?limit=1").json
    let policy = try await service.node.get("/v1/policy").json
    #expect(entry["entries"][0]["rule"] == "Developer")
    #expect(entry["entries"][0]["policy_digest"] == policy["digest"])
    #expect(policy["rules"].list.map { $0["name"] }.contains("Developer"))
  }

  @Test func `a node says that it is alive and ready`() async throws {
    let node = try Service.current.node
    let alive = try await node.get("/healthz")
    #expect(alive.status == 200)
    #expect(alive.json["node"] == "node-1")
    let ready = try await node.get("/readyz")
    #expect(ready.status == 200)
    #expect(ready.json["database"]["status"] == "ok")
  }
}
