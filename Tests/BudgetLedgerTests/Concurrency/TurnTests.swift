import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Batches that are about a busy budget take turns, and the row's own lock decides as ever.
@Suite struct TurnTests {
  @Test func `of three nodes on a busy budget one waits for its row, and two for their turn`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("group:hot")
      try await database.withConnection { holder in
        try await holder.execute("BEGIN")
        try await holder.lock("group:hot")
        try await withThrowingTaskGroup { group in
          for _ in 0..<3 {
            group.addTask { try await database.chargeTogether("group:hot") }
          }
          #expect(try await eventually { try await database.isWaiting("advisory", sessions: 2) })
          #expect(try await database.isWaiting("tuple") == false)
          try await holder.execute("COMMIT")
          for try await charged in group { #expect(charged == 8) }
        }
      }
      try await database.expectSoundLedger()
    }
  }

  @Test func `a lone request takes no turn`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("group:hot")
      try await database.withConnection { holder in
        try await holder.takeTurn("group:hot")
        try await database.withNodes(1) { nodes in
          let answer = try await nodes[0].perform(.charging("group:hot"))
          #expect(answer.isCharged)
        }
      }
    }
  }

  @Test func `a turn that never comes is not waited for again and again`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("group:hot")
      try await database.withConnection { holder in
        try await holder.takeTurn("group:hot")
        let charged = try await database.chargeTogether("group:hot") {
          $0.lockTimeout = .milliseconds(50)
        }
        #expect(charged == 8)
      }
      try await database.expectSoundLedger()
    }
    var habits = BatchHabits()
    #expect(habits.queues)
    habits.note([], hasQueuedInVain: true)
    #expect(!habits.queues)
    for _ in 0..<1_024 {
      #expect(!habits.queues)
      habits.note([], hasQueuedInVain: false)
    }
    #expect(habits.queues)
  }
}

extension TestDatabase {
  /// Charges a budget eight times, in one batch of a node of its own.
  ///
  /// - Returns: how many were charged.
  fileprivate func chargeTogether(
    _ budgetID: String, _ configure: (inout LedgerSettings) -> Void = { _ in }
  ) async throws -> Int {
    let node = try node {
      $0.lanes = 1
      // Nobody gives up in this test for its machine's sake.
      $0.patience = .seconds(60)
      $0.lockTimeout = .seconds(20)
      $0.statementTimeout = .seconds(30)
      configure(&$0)
    }
    let charges = try (0..<8).map { _ in try TrustBudget.Operation.charging(budgetID) }
    return try await node.performTogether(charges).count(where: \.isCharged)
  }
}

extension PostgresConnection {
  /// Is first in the line for a budget, for as long as the connection lasts.
  fileprivate func takeTurn(_ budgetID: String) async throws {
    _ = try await run { try $0.pipeline(BeginTransaction(), QueueForBudgets(ids: [budgetID])) }
  }
}
