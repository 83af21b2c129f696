import Foundation
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Invariant 7: no lock, transaction or connection is left behind by a client that vanished.
@Suite struct VanishedClientTests {
  @Test func `a node that is killed under load leaves nothing behind but what it answered`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let (name, connectionString) = (database.name, database.connectionString)
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [name = name as String, connectionString = connectionString as String] in
        let database = TestDatabase(name: name, connectionString: connectionString)
        try await database.withNodes(1) { nodes in
          _ = try await concurrently(32) { _ in
            while true {
              let answer = try await nodes[0].perform(
                .charging("group:hot", initialBalance: 1_000_000))
              if answer.receipt?.sequence ?? 0 > 500 { kill(getpid(), SIGKILL) }
            }
          }
        }
      }
      #expect(try await eventually { try await database.isDeserted() })
      #expect(try await database.count("SELECT last_seq FROM trust_budget.budgets") > 500)
      try await database.expectSoundLedger()
      try await database.expectCharge(of: "group:hot")
    }
  }

  @Test func `a node that is killed while it waits, with locks in hand, frees them by itself`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:a", "user:b")
      let (name, connectionString) = (database.name, database.connectionString)
      try await database.withConnection { holder in
        try await holder.execute("BEGIN")
        try await holder.lock("user:b")
        await #expect(processExitsWith: .signal(SIGKILL)) {
          [name = name as String, connectionString = connectionString as String] in
          let database = TestDatabase(name: name, connectionString: connectionString)
          try await database.withNodes(1) { nodes in
            async let _ = nodes[0].perform(.charging([.of("user:a"), .of("user:b")]))
            guard try await eventually({ try await database.isWaiting("transactionid") }) else {
              return
            }
            kill(getpid(), SIGKILL)
          }
        }
        // Its server process still waits for b, and holds a: for lock_timeout at most.
        try await database.expectCharge(of: "user:a")
        #expect(try await eventually { try await database.isDeserted(besides: 1) })
        try await holder.execute("COMMIT")
      }
      try await database.expectCharge(of: "user:b")
      try await database.expectSoundLedger()
    }
  }
}

extension TestDatabase {
  /// Whether nobody is connected, and nothing is locked, `besides` so many sessions of the test's.
  func isDeserted(besides others: Int = 0) async throws -> Bool {
    try await count(
      """
      SELECT count(*) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'
      """) == others
  }

  /// Charges a budget on a new node, which must work at once or after a short wait.
  func expectCharge(
    of budgetID: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await withNodes(1) { nodes in
      let answer = try await nodes[0].perform(
        .charging(budgetID, initialBalance: 1_000_000))
      #expect(answer.isCharged, sourceLocation: sourceLocation)
    }
  }
}
