import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

@Suite struct ChargeTests {
  @Test func `a charge takes its cost, and says what remains and when the budget resets`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        let day = try ResetInterval(hours: 24)
        let answer = try await nodes[0].perform(
          .charging("user:alice", cost: 3, initialBalance: 10, resetInterval: day))
        #expect(answer.isCharged)
        let receipt = try #require(answer.receipt)
        #expect(receipt.budgetID.value == "user:alice")
        #expect(receipt.cost.value == 3)
        #expect(receipt.remaining == 7)
        let record = try #require(answer.record)
        #expect(receipt.resetsAt == (record.chargedAt + day).roundedUpToSecond)
        let read = try await nodes[0].reader.charge(record.requestID)
        #expect(read == record)
      }
      try await database.expectSoundLedger()
    }
  }

  @Test func `several budgets are charged all or none`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        let terms: [Terms] = [
          try .of("user:alice", cost: 1, initialBalance: 10),
          try .of("group:sre", cost: 2, initialBalance: 5),
        ]
        let first = try await nodes[0].perform(.charging(terms))
        #expect(first.record?.receipts.map(\.remaining) == [9, 3])
        let second = try await nodes[0].perform(.charging(terms))
        #expect(second.record?.receipts.map(\.remaining) == [8, 1])
        let third = try await nodes[0].perform(.charging(terms))
        #expect(
          third.denial?.message
            == "Trust budget group:sre exhausted. This request requires 2 points; 1 remain.")
        let alice = try await nodes[0].reader.budget(BudgetID("user:alice"))
        #expect(alice?.balance == 8)
        // A list of one is a list.
        let listed = try await nodes[0].perform(
          .charging([try .of("user:bob", cost: 2, initialBalance: 1)]))
        #expect(
          listed.denial?.message
            == "Trust budget user:bob exhausted. This request requires 2 points; 1 remain.")
      }
      try await database.expectSoundLedger()
    }
  }

  @Test func `what costs too much is denied in the words of the design, and takes nothing`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        let id = "attempt"
        _ = try await nodes[0].perform(.charging("user:alice", cost: 10, initialBalance: 10))
        let answer = try await nodes[0].perform(
          .charging("user:alice", initialBalance: 10, requestID: id))
        #expect(
          answer.denial?.message
            == "Trust budget exhausted. This request requires 1 point; 0 remain.")
        // The same id again is decided afresh, once there is something to take.
        _ = try await nodes[0].perform(.adjusting("user:alice", by: 1))
        let again = try await nodes[0].perform(
          .charging("user:alice", initialBalance: 10, requestID: id))
        #expect(again.isCharged)
      }
      #expect(try await database.entryCounts()["denial"] == 1)
      try await database.expectSoundLedger()
    }
  }

  @Test func `an observed budget always pays, and says by how much it is overdrawn`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        for remaining in [2, -1, -4] as [Int64] {
          let answer = try await nodes[0].perform(
            .charging("user:alice", cost: 3, initialBalance: 5, enforcement: .observe))
          #expect(answer.receipt?.remaining == remaining)
        }
      }
      let wouldDeny = try await database.query(
        """
        SELECT detail ->> 'would_deny' FROM trust_budget.audit_entries
        WHERE kind = 'charge' ORDER BY budget_seq
        """)
      #expect(wouldDeny == [["false"], ["true"], ["true"]])
      try await database.expectSoundLedger()
    }
  }

  @Test func `new terms take effect at the next charge, and what was spent stays spent`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        let first = try await nodes[0].perform(
          .charging("user:alice", cost: 6, initialBalance: 10))
        #expect(first.receipt?.remaining == 4)
        // Two replicas with two versions of the policy mint no points by turns.
        let remaining = try await [20, 10, 20].enumerated().asyncMap { number, allocation in
          try await nodes[number % 2].perform(
            .charging("user:alice", cost: 1, initialBalance: Int64(allocation))
          ).receipt?.remaining
        }
        #expect(remaining == [13, 2, 11])
      }
      #expect(try await database.entryCounts() == ["allocation": 4, "charge": 4])
      try await database.expectSoundLedger()
    }
  }
}
