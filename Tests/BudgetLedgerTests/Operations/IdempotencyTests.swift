import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

@Suite struct IdempotencyTests {
  @Test func `one request sent fifty times at once to two nodes is charged once`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        let answers = try await concurrently(50) { number in
          try await nodes[number % 2].perform(
            .charging([.of("user:alice", cost: 3), .of("group:sre")], requestID: "same"))
        }
        #expect(answers.count(where: \.isCharged) == 1)
        #expect(answers.count(where: \.isReplay) == 49)
        #expect(Set(answers.map(\.record)).count == 1)
      }
      #expect(try await database.entryCounts() == ["allocation": 2, "charge": 2])
      try await database.expectSoundLedger()
    }
  }

  @Test func `a retry after a change of policy still gets its original receipt`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        func charge(cost: Int64, _ budget: String) throws -> TrustBudget.Operation {
          .charge(
            try Charge(
              requestID: RequestID("same"), content: RequestContent(["as sent"]),
              username: Username("alice"), terms: [.of(budget, cost: cost)], origin: Origin()))
        }
        let first = try await nodes[0].perform(charge(cost: 1, "user:alice"))
        let dearer = try await nodes[1].perform(charge(cost: 5, "user:alice"))
        let elsewhere = try await nodes[1].perform(charge(cost: 1, "group:new"))
        #expect(dearer.isReplay && dearer.record == first.record)
        #expect(elsewhere.isReplay && elsewhere.record == first.record)
      }
      #expect(try await database.count("SELECT count(*) FROM trust_budget.budgets") == 1)
    }
  }

  /// The request ids have no lock in common where the budgets are different ones: the unique index
  /// decides. Its trigger holds one node back before its entry is there, or after.
  @Test(arguments: ["BEFORE", "AFTER"], ["charge", "adjustment", "reset"])
  func `one id for two requests, at once on two nodes, counts for exactly one`(
    moment: String, other: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        """
        CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock(1);
            RETURN NEW;
        END $$;
        CREATE TRIGGER wait_for_test \(moment) INSERT ON trust_budget.audit_entries FOR EACH ROW
            WHEN (NEW.budget_id = 'user:a' AND NEW.kind = 'charge')
            EXECUTE FUNCTION wait_for_test();
        """)
      if other != "charge" { try await database.makeBudgets("user:b") }
      let request: TrustBudget.Operation =
        switch other {
        case "charge": try .charging("user:b", cost: 0, requestID: "same")
        case "adjustment": try .adjusting("user:b", by: 1, requestID: "same")
        default: try .resetting("user:b", requestID: "same")
        }
      try await database.withConnection { holder in
        try await holder.execute("SELECT pg_advisory_lock(1)")
        try await database.withNodes(2) {
          $0.lockTimeout = .seconds(10)
          $0.statementTimeout = .seconds(20)
        } _: { nodes in
          async let first = nodes[0].perform(.charging("user:a", requestID: "same"))
          #expect(try await eventually { try await database.isWaiting("advisory") })
          async let second = nodes[1].perform(request)
          if moment == "BEFORE" {
            let answer = try await second
            #expect(answer.rejection == nil)
          } else {
            #expect(try await eventually { try await database.isWaiting("transactionid") })
          }
          try await holder.execute("SELECT pg_advisory_unlock(1)")
          let answers = try await [first, second]
          let rejections = answers.map(\.rejection)
          let mismatch = Rejection.requestMismatch(try RequestID("same"))
          #expect(rejections == (moment == "BEFORE" ? [mismatch, nil] : [nil, mismatch]))
        }
      }
      let written = try await database.count(
        "SELECT count(*) FROM trust_budget.audit_entries WHERE request_id = 'same'")
      #expect(written == 1)
      try await database.expectSoundLedger()
    }
  }

  @Test func `a request id that an administrator used makes no budget, and delays nobody`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let node = try database.node { $0.lanes = 1 }
      let outcomes = try await node.performTogether([
        .charging("user:alice", requestID: "first"),
        .adjusting("user:alice", by: 5, requestID: "same"),
        .charging("user:new", requestID: "same"),
        .charging("user:bob", requestID: "last"),
      ])
      let answers = try outcomes.map { try $0.get() }
      #expect(answers.map(\.isCharged) == [true, false, false, true])
      #expect(answers[2].rejection == .requestMismatch(try RequestID("same")))
      try await database.expectSoundLedger()
    }
  }

  @Test func `the same holds when the adjustment was long ago`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        _ = try await nodes[0].perform(.charging("user:alice"))
        _ = try await nodes[0].perform(.adjusting("user:alice", by: 5, requestID: "same"))
        let answer = try await nodes[1].perform(.charging("user:new", requestID: "same"))
        #expect(answer.rejection == .requestMismatch(try RequestID("same")))
      }
      try await database.expectSoundLedger()
    }
  }

  @Test func `an id whose first request is denied in the batch is free for the next`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let node = try database.node { $0.lanes = 1 }
      let outcomes = try await node.performTogether([
        .charging("user:poor", cost: 5, initialBalance: 4, requestID: "same"),
        .charging("user:rich", cost: 5, requestID: "same"),
      ])
      let answers = try outcomes.map { try $0.get() }
      #expect(answers[0].isDenied)
      #expect(answers[1].isCharged)
      try await database.expectSoundLedger()
    }
  }
}
