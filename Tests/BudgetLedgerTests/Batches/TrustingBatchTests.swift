import Glibc
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// A batch is decided as if its request ids were new, and done again if one wasn't.
@Suite struct TrustingBatchTests {
  @Test func `a known request among new ones gets its receipt, and the new ones theirs`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let first = try await database.withNodes(1) { nodes in
        try await nodes[0].perform(.charging("user:alice", requestID: "known"))
      }
      // Another node, which has no reason yet to look anything up.
      let node = try database.node { $0.lanes = 1 }
      let outcomes = try await node.performTogether(
        try (0..<150).map {
          try .charging($0.isMultiple(of: 2) ? "user:alice" : "user:bob", requestID: "new-\($0)")
        } + [.charging("user:alice", requestID: "known")])
      #expect(outcomes.count(where: \.isCharged) == 150)
      let repeated = try outcomes[150].get()
      #expect(repeated.isReplay && repeated.record == first.record)
      #expect(try await database.entryCounts() == ["allocation": 2, "charge": 151])
      try await database.expectSoundLedger()
    }
  }

  @Test func `who took the last point gets the receipt again, and no denial`() async throws {
    try await TestDatabase.withLedger { database in
      let last = try TrustBudget.Operation.charging(
        "user:alice", initialBalance: 1, requestID: "last")
      let first = try await database.withNodes(1) { try await $0[0].perform(last) }
      for _ in 0..<2 {
        try await database.withNodes(1) { nodes in
          let repeated = try await nodes[0].perform(last)
          #expect(repeated.isReplay && repeated.record == first.record)
          let other = try await nodes[0].perform(.charging("user:alice", initialBalance: 1))
          #expect(other.isDenied)
          let again = try await nodes[0].perform(last)
          #expect(again.isReplay)
        }
      }
      #expect(
        try await database.entryCounts() == ["allocation": 1, "charge": 1, "denial": 2])
      try await database.expectSoundLedger()
    }
  }

  @Test func `who arrives while the lock is waited for comes aboard, in order`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withBusyLane { node, release in
        let callers = try await withThrowingTaskGroup { group in
          for number in 0..<90 {
            group.addTask {
              try await node.perform(.charging("user:held", requestID: "late-\(number)"))
            }
            #expect(try await eventually { node.queueLength == number + 1 })
          }
          try await release()
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(callers.count(where: \.isCharged) == 90)
      }
      let late = try await database.query(
        """
        SELECT request_id, transaction_id FROM trust_budget.audit_entries
        WHERE request_id LIKE 'late-%' ORDER BY budget_seq
        """)
      #expect(late.map { $0[0] } == (0..<90).map { "late-\($0)" })
      // With the request that waited for the lock: one transaction for all.
      #expect(Set(late.map { $0[1] }).count == 1)
      try await database.expectSoundLedger()
    }
  }

  @Test func `nobody comes aboard once a window may have ended since the clock was read`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let configuration = try PostgresConfiguration(database.connectionString)
      for (interval, mayCome) in [
        (try ResetInterval(hours: 1), true), (try ResetInterval(microseconds: 200_000), false),
      ] {
        let charges = try (0..<3).map { _ in
          try TrustBudget.Operation.charging("user:\(mayCome)", resetInterval: interval)
        }
        _ = try await database.withNodes(1) { try await $0[0].perform(charges[0]) }
        try await PostgresConnection.with(configuration) { connection in
          try await connection.run { session in
            var batch = BatchTransaction(
              node: "n", ledger: try SchemaCheck.embedded.ledger(on: session),
              operations: [charges[1]], looksUpFirst: false, queues: false)
            var asked = 0
            let answers = try batch.run(on: session) { mayJoin in
              asked += 1
              // As long as an answer of the server may be under way: more than is left of the window.
              usleep(200_000)
              #expect(mayJoin(charges[2]) == mayCome)
              return []
            }
            #expect(answers.count == 1 && asked == 2)
          }
        }
      }
      try await database.expectSoundLedger()
    }
  }

  @Test func `who comes aboard of a batch whose session is lost is charged by the next`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withBusyLane { node, release in
        let outcomes = try await withThrowingTaskGroup { group in
          for number in 0..<20 {
            group.addTask {
              await node.outcome(of: try .charging("user:held", requestID: "late-\(number)"))
            }
          }
          #expect(try await eventually { node.queueLength == 20 })
          try await database.terminateSessions(where: "wait_event_type = 'Lock'")
          try await release()
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count(where: \.isCharged) == 20)
      }
      let late = "SELECT count(*) FROM trust_budget.audit_entries WHERE request_id LIKE 'late-%'"
      #expect(try await database.count(late) == 20)
      try await database.expectSoundLedger()
    }
  }
}
