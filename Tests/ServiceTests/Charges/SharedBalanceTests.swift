import Testing
import TrustBudgetTesting

/// Any number of nodes share one balance, to the point.
struct SharedBalanceTests {
  @Test func `two hundred requests at once share a hundred points exactly`() async throws {
    try await Service.with(nodes: 2) { service in
      let replies = try await concurrently(200) { number in
        try await service.nodes[number % 2].post(
          "/v1/charges",
          ["username": "user-\(number)", "budget_id": "group:all", "initial_balance": 100])
      }
      let allowed = replies.filter { $0.status == 200 }
      let denied = replies.filter { $0.status == 403 && $0.problem == "budget-exhausted" }
      #expect(allowed.count == 100)
      #expect(denied.count == 100)
      #expect(
        Set(allowed.compactMap { $0.json["trust_budget"]["remaining"].integer })
          == Set(0...99))
      #expect(try await service.node.get("/v1/budgets/group:all").json["balance"] == 0)
      #expect(
        try await service.entries() == ["allocation": 1, "charge": 100, "denial": 100])
    }
  }

  @Test func `budgets charged together from both ends never deadlock for a caller`() async throws {
    let rule = { (name: String, first: String, second: String) in
      """
        - name: \(name)
          match:
            oidc_groups: ["\(name)"]
          principals: ["user"]
          max_duration: "1h"
          trust_budget:
            - budget_id: "\(first)"
              initial_balance: 40
            - budget_id: "\(second)"
              initial_balance: 40

      """
    }
    let policy = "policies:\n" + rule("forth", "a", "b") + rule("back", "b", "a")
    try await Service.with(nodes: 2, policy: policy) { service in
      let replies = try await concurrently(100) { number in
        try await service.nodes[number % 2].authorize(
          "u", ["oidc_groups": [number % 4 < 2 ? "forth" : "back"]])
      }
      #expect(replies.count { $0.status == 200 } == 40)
      #expect(replies.count { $0.status == 403 } == 60)
      let budgets = try await service.node.get("/v1/budgets").json["budgets"].list
      #expect(budgets.map { $0["balance"] } == [0, 0])
    }
  }
}
