import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Errors that trying again cures never reach a caller.
@Suite struct ConflictTests {
  @Test(arguments: [
    "serialization_failure", "deadlock_detected", "lock_not_available", "query_canceled",
    "out_of_memory", "admin_shutdown",
  ])
  func `what fails for a while is tried again, and charged once`(condition: String) async throws {
    try await TestDatabase.withLedger { database in
      try await database.reject("entries", "NEW.kind = 'charge'", with: condition, times: 5)
      let node = try database.node { $0.lanes = 1 }
      let outcomes = try await node.performTogether(
        try (0..<8).map { try .charging("user:u\($0 % 3)") })
      #expect(outcomes.count(where: \.isCharged) == 8)
      #expect(try await database.entryCounts() == ["allocation": 3, "charge": 8])
      try await database.expectSoundLedger()
    }
  }

  @Test func `a deadlock with somebody who locks in another order is survived`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:a", "user:b", "user:c")
      // The other one is patient, so the node is the victim.
      let node = try database.node(
        through: database.connectionString + " options='-c deadlock_timeout=10ms'"
      ) {
        $0.lockTimeout = .seconds(20)
        $0.statementTimeout = .seconds(30)
      }
      try await database.withConnection { holder in
        try await database.withConnection { other in
          try await holder.execute("BEGIN")
          try await holder.lock("user:b")
          try await other.execute("SET deadlock_timeout = '60s'; BEGIN")
          try await other.lock("user:c")
          try await withRunning([node]) {
            async let answer = node.perform(
              .charging([.of("user:a"), .of("user:b"), .of("user:c")]))
            // It has a, and waits for b.
            #expect(try await eventually { try await database.isWaiting("transactionid") })
            async let locked: Void = other.lock("user:a")
            #expect(
              try await eventually { try await database.isWaiting("transactionid", sessions: 2) })
            // Now it has b, and wants c of the one who wants a.
            try await holder.execute("COMMIT")
            try await locked
            try await other.execute("COMMIT")
            #expect(try await answer.isCharged)
          }
        }
      }
      let isNoticed = try await eventually {
        try await database.count(
          "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") > 0
      }
      #expect(isNoticed)
      try await database.expectSoundLedger()
    }
  }
}

extension PostgresConnection {
  /// Locks a budget's row in the transaction that is open.
  func lock(_ budgetID: String) async throws {
    _ = try await run {
      try $0.query(
        "SELECT FROM trust_budget.budgets WHERE budget_id = '\(budgetID)' FOR UPDATE")
    }
  }
}
