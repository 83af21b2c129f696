import Foundation
import Synchronization
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Sessions that end at any moment, as by a failing server or a DBA.
@Suite struct TerminatedSessionTests {
  @Test func `every answer stands and every lost one is found when sessions are killed under load`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        let isDone = Atomic(false)
        async let charges = concurrently(48) { caller in
          defer { if caller == 0 { isDone.store(true, ordering: .releasing) } }
          return try await (0..<25).asyncMap { number in
            let id = "\(caller)-\(number)"
            let operation = try TrustBudget.Operation.charging(
              "user:u\((caller + number) % 7)", initialBalance: 1_000_000, requestID: id)
            let outcome = await nodes[caller % 2].outcome(of: operation)
            // Whatever it was, the same id on the other node tells.
            let again = try await nodes[(caller + 1) % 2].perform(operation)
            #expect(again.isReplay || outcome.error != nil)
            #expect(outcome.error != nil || (try? outcome.get())?.record == again.record)
            return again.receipt
          }
        }
        var kills = 0
        while !isDone.load(ordering: .acquiring) {
          try await database.terminateSessions(
            where: "application_name LIKE 'trust-budget node%' AND random() < 0.3")
          kills += 1
        }
        let receipts = try await charges.flatMap { $0 }
        #expect(kills > 3)
        #expect(receipts.count == 48 * 25)
        let entries = Set(receipts.map { "\($0?.budgetID.value ?? "") \($0?.sequence ?? 0)" })
        #expect(entries.count == 1_200)
      }
      #expect(try await database.entryCounts() == ["allocation": 7, "charge": 1_200])
      try await database.expectSoundLedger()
    }
  }

  @Test func `a read whose session is ended is answered by another`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1, configure: { $0.lockTimeout = .seconds(20) }) { nodes in
        _ = try await nodes[0].perform(.charging("user:alice"))
        try await database.withConnection { connection in
          try await connection.execute("BEGIN; LOCK TABLE trust_budget.budgets")
          async let budget = nodes[0].reader.budget(BudgetID("user:alice"))
          let isWaiting = "wait_event_type = 'Lock' AND application_name LIKE 'trust-budget node%'"
          #expect(
            try await eventually {
              try await database.count(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND \(isWaiting)"
              ) == 1
            })
          try await database.terminateSessions(where: isWaiting)
          try await connection.execute("ROLLBACK")
          #expect(try await budget?.balance == 99)
        }
      }
    }
  }

  @Test func `a session that was ended while idle costs its next request nothing but time`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        for round in 1...3 {
          #expect(
            try await nodes[0].perform(.charging("user:alice")).receipt?.remaining
              == Int64(100 - round))
          try await database.terminateSessions()
        }
      }
      try await database.expectSoundLedger()
    }
  }
}
