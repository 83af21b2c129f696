import Foundation
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Random operations of every kind from four nodes, over fifty budgets with short reset intervals,
/// while their sessions are killed at random.
///
/// `TRUST_BUDGET_CHAOS_OPERATIONS` (2,000) and `TRUST_BUDGET_CHAOS_SEED` (random; a failure names it)
/// make it longer, or the same again.
@Suite struct ChaosTests {
  @Test func `every invariant holds after random operations and killed sessions`() async throws {
    let environment = ProcessInfo.processInfo.environment
    let operations = environment["TRUST_BUDGET_CHAOS_OPERATIONS"].flatMap { Int($0) } ?? 2_000
    let seed =
      environment["TRUST_BUDGET_CHAOS_SEED"].flatMap { UInt64($0) } ?? .random(in: 0..<1_000_000)
    try await TestDatabase.withLedger { database in
      let journal = ChaosJournal()
      let run = ChaosRun(
        database: database, journal: journal, seed: seed, operations: operations, callers: 32)
      let kills = try await database.withNodes(4) { try await run.perform(on: $0) }

      try await database.expectSoundLedger()
      let faults = try await journal.faults(in: database)
      #expect(faults.prefix(10) == [], "seed \(seed)")
      let tally = journal.tally
      #expect(kills > 5, "seed \(seed)")
      for kind in Entry.Kind.allCases.map(\.rawValue) + ["rejected", "repeated"] {
        #expect(tally[kind, default: 0] > 0, "\(kind), seed \(seed): \(tally)")
      }
    }
  }
}
