import BudgetLedger
import Logging
import Testing
import TrustBudget
import TrustBudgetTesting

@Suite struct ConcurrencyTests {
  @Test func `two hundred requests on two nodes share a hundred points exactly`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        let answers = try await withThrowingTaskGroup { group in
          for number in 0..<200 {
            group.addTask {
              try await nodes[number % 2].perform(
                .charge(try .of("user:alice", initialBalance: 100)))
            }
          }
          var answers: [Answer] = []
          for try await answer in group { answers.append(answer) }
          return answers
        }
        #expect(answers.count(where: \.isCharged) == 100)
        #expect(answers.count(where: \.isDenied) == 100)
        let kinds = try await database.query(
          "SELECT kind, count(*) FROM trust_budget.audit_entries GROUP BY kind ORDER BY kind")
        #expect(kinds == [["allocation", "1"], ["charge", "100"], ["denial", "100"]])
        try await database.expectSoundLedger()
      }
    }
  }
}
