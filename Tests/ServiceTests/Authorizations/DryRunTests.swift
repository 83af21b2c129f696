import Testing

/// `dry_run: true` answers what would happen, and takes nothing.
@Suite(.service())
struct DryRunTests {
  @Test func `a dry run makes no budget and no entry`() async throws {
    let service = try Service.current
    let reply = try await service.node.authorize("dev-new", ["dry_run": true])
    #expect(reply.status == 200)
    #expect(reply.json["dry_run"] == true)
    #expect(reply.json["decision"] == "allowed")
    #expect(reply.json["trust_budget"]["remaining"] == 2)
    #expect(try await service.node.get("/v1/budgets/user:dev-new").status == 404)
    #expect(try await service.entries(of: "user:dev-new") == [:])
  }

  @Test func `a dry run of a denial is the denial`() async throws {
    let service = try Service.current
    for _ in 1...3 { _ = try await service.node.authorize("dev-spent") }
    let dryRun = try await service.node.authorize(
      "dev-spent", ["dry_run": true, "request_id": "r-1"])
    let denial = try await service.node.authorize("dev-spent", ["request_id": "r-1"])
    #expect(dryRun.status == 403)
    #expect(dryRun.json.without("dry_run") == denial.json)
    #expect(
      try await service.entries(of: "user:dev-spent")
        == ["allocation": 1, "charge": 3, "denial": 1])
  }

  @Test func `a dry run of a request that was charged replays its receipt`() async throws {
    let node = try Service.current.node
    let charged = try await node.authorize("dev-again", ["request_id": "r-2"])
    let dryRun = try await node.authorize("dev-again", ["request_id": "r-2", "dry_run": true])
    #expect(dryRun.json["replayed"] == true)
    #expect(dryRun.json.without("replayed", "dry_run") == charged.json)
  }

  @Test func `a dry run under a rule without a budget says that it is one`() async throws {
    let node = try Service.current.node
    let dryRun = try await node.authorize("free-1", ["request_id": "r-3", "dry_run": true])
    #expect(dryRun.json["dry_run"] == true)
    let grant = try await node.authorize("free-1", ["request_id": "r-3"])
    #expect(dryRun.json.without("dry_run") == grant.json)
  }

  @Test func `false is no dry run`() async throws {
    let node = try Service.current.node
    let reply = try await node.authorize("dev-real", ["dry_run": false])
    #expect(!reply.json.names.contains("dry_run"))
    #expect(try await node.get("/v1/budgets/user:dev-real").json["balance"] == 2)
  }
}
