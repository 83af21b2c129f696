import Testing

/// The policy of the user's own description, as it stands there.
@Suite(
  .service(
    nodes: 2,
    policy: """
      policies:
        - name: Developer
          match:
            local_usernames: ["*"]
          principals: ["user"]
          max_duration: "15m"
          # Trust Budget (Experimental)
          trust_budget:
            budget_id: "user:${username}"  # Per-user budget
            cost: 1                        # Cost per issuance
            initial_balance: 100           # Starting balance
            reset_interval_hours: 24       # Optional reset interval
      """))
struct SeedPolicyTests {
  @Test func `alice gets a hundred certificates, and bob has his own hundred`() async throws {
    let nodes = try Service.current.nodes
    var resetsAt = JSON.null
    for number in 1...100 {
      let reply = try await nodes[number % 2].authorize("alice")
      resetsAt = reply.json["trust_budget"]["resets_at"]
      #expect(reply.status == 200)
      #expect(reply.json["trust_budget"]["remaining"] == JSON(100 - number))
    }

    let refused = try await nodes[0].authorize("alice")
    let resets = try #require(resetsAt.text)
    #expect(refused.status == 403)
    #expect(refused.problem == "budget-exhausted")
    #expect(
      refused.json["detail"].text
        == "Trust budget exhausted. This request requires 1 point; 0 remain. "
        + "Budget resets at \(resets).")

    let bob = try await nodes[1].authorize("bob")
    #expect(bob.json["trust_budget"]["remaining"] == 99)
  }
}
