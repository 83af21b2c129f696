import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Several nodes share the same balances, to the point.
@Suite struct ConcurrencyTests {
  @Test func `two hundred requests on two nodes share a hundred points exactly`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        let answers = try await concurrently(200) { number in
          try await nodes[number % 2].perform(.charging("user:alice", initialBalance: 100))
        }
        #expect(answers.count(where: \.isCharged) == 100)
        #expect(answers.count(where: \.isDenied) == 100)
        let remaining = answers.compactMap(\.receipt?.remaining)
        #expect(Set(remaining) == Set(0..<100))
      }
      #expect(
        try await database.entryCounts() == ["allocation": 1, "charge": 100, "denial": 100])
      try await database.expectSoundLedger()
    }
  }

  @Test(arguments: [1, 4, 8])
  func `a hot budget and many cold ones come out exact, on any number of nodes`(
    nodeCount: Int
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(nodeCount) { nodes in
        let answers = try await concurrently(64) { caller in
          try await (0..<20).asyncMap { number in
            let isHot = number.isMultiple(of: 2)
            return try await nodes[(caller + number) % nodeCount].perform(
              .charging(
                isHot ? "group:hot" : "user:u\(caller)-\(number)", cost: 2,
                initialBalance: isHot ? 1_000 : 3))
          }
        }.flatMap { $0 }
        let hot = answers.filter { $0.receipt?.budgetID.value == "group:hot" }
        #expect(hot.count == 500)
        #expect(answers.count(where: \.isDenied) == 140)
        #expect(answers.count(where: \.isCharged) == 500 + 640)
      }
      #expect(
        try await database.query(
          "SELECT balance FROM trust_budget.budgets WHERE budget_id = 'group:hot'") == [["0"]])
      try await database.expectSoundLedger()
    }
  }

  @Test func `several budgets in every order are charged without a deadlock`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(4) { nodes in
        let outcomes = try await concurrently(48) { caller in
          var generator = SeededGenerator(seed: UInt64(caller))
          return try await (0..<12).asyncMap { _ in
            let names = (0..<8).map { "group:g\($0)" }.shuffled(using: &generator)
            let terms = try names.prefix(3).map { try Terms.of($0, initialBalance: 150) }
            return await nodes[caller % 4].outcome(of: try .charging(terms))
          }
        }.flatMap { $0 }
        #expect(outcomes.allSatisfy { $0.error == nil })
        #expect(outcomes.contains { $0.isDenied })
        let charged = outcomes.count(where: \.isCharged)
        #expect(try await database.entryCounts()["charge"] == charged * 3)
      }
      let deadlocks = try await database.count(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
      #expect(deadlocks == 0)
      try await database.expectSoundLedger()
    }
  }

  @Test func `new budgets that many nodes meet at once are made once each`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(6) { nodes in
        let outcomes = try await concurrently(6) { number in
          var generator = SeededGenerator(seed: UInt64(number))
          let names = (0..<60).map { "user:u\($0)" }.shuffled(using: &generator)
          return try await concurrently(30) { pair in
            await nodes[number].outcome(
              of: try .charging([.of(names[pair * 2]), .of(names[pair * 2 + 1])]))
          }
        }.flatMap { $0 }
        #expect(outcomes.count(where: \.isCharged) == 180)
      }
      #expect(try await database.entryCounts() == ["allocation": 60, "charge": 360])
      try await database.expectSoundLedger()
    }
  }

  @Test func `a charge that is denied at once makes its budget, and one that is rejected none`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        let denied = try await nodes[0].perform(
          .charging("user:poor", cost: 5, initialBalance: 4))
        #expect(denied.denial?.remaining == 4)
        let rejected = try await nodes[0].perform(.adjusting("user:nobody", by: 1))
        #expect(rejected.rejection == .noSuchBudget(try BudgetID("user:nobody")))
      }
      #expect(try await database.budgets() == ["user:poor"])
      #expect(try await database.entryCounts() == ["allocation": 1, "denial": 1])
      try await database.expectSoundLedger()
    }
  }
}
