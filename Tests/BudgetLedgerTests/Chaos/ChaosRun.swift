import BudgetLedger
import TrustBudget
import TrustBudgetTesting

/// Callers that send random operations to nodes, and somebody who kills the nodes' sessions.
struct ChaosRun {
  let database: TestDatabase
  let journal: ChaosJournal
  let seed: UInt64
  let operations: Int
  let callers: Int

  /// - Returns: how often sessions were killed.
  func perform(on nodes: [BudgetLedger]) async throws -> Int {
    try await withThrowingTaskGroup { group in
      group.addTask { await killSessions() }
      _ = try await concurrently(callers) { caller in
        var random = RandomOperations(
          seed: seed &+ UInt64(caller), name: "c\(caller)", budgets: 50)
        var generator = SeededGenerator(seed: seed &+ UInt64(caller) &* 7_919)
        for _ in 0..<operations / callers {
          try await send(random.next(after: journal.recent), to: generator.pick(nodes), nodes)
        }
      }
      group.cancelAll()
      return try await group.next() ?? 0
    }
  }

  /// Kills some of the nodes' sessions, again and again until it is cancelled.
  private func killSessions() async -> Int {
    var kills = 0
    while !Task.isCancelled {
      try? await database.terminateSessions(
        where: "application_name LIKE 'trust-budget node%' AND random() < 0.15")
      kills += 1
    }
    return kills
  }

  /// Sends an operation, and repeats it on any node until there is an answer: no error is final.
  private func send(
    _ operation: TrustBudget.Operation, to node: BudgetLedger, _ nodes: [BudgetLedger]
  ) async throws {
    journal.note(sent: operation)
    var outcome = await node.outcome(of: operation)
    for _ in 0..<10 where outcome.error != nil {
      outcome = await (nodes.randomElement() ?? node).outcome(of: operation)
    }
    journal.note(operation.requestID.value, ToldAnswer(try outcome.get()))
  }
}
