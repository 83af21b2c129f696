import BudgetLedger
import Synchronization
import TrustBudget
import TrustBudgetTesting

/// Operations of every kind, from several callers at once.
enum RandomTrail {
  private final class Sent: Sendable {
    let operations = Mutex<[TrustBudget.Operation]>([])
    let answered = Mutex(0)
  }

  /// - Returns: how many were answered.
  @discardableResult
  static func write(
    _ operations: Int, callers: Int = 8, seed: UInt64 = 1, budgets: Int = 20,
    on nodes: [BudgetLedger]
  ) async throws -> Int {
    let sent = Sent()
    try await withThrowingTaskGroup { group in
      for caller in 0..<callers {
        group.addTask {
          var random = RandomOperations(
            seed: seed + UInt64(caller), name: "\(seed)-\(caller)", budgets: budgets)
          for _ in 0..<operations / callers {
            let operation = try random.next(after: sent.operations.withLock { $0 })
            sent.operations.withLock { $0 = $0.suffix(200) + [operation] }
            if case .success = await nodes[caller % nodes.count].outcome(of: operation) {
              sent.answered.withLock { $0 += 1 }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    return sent.answered.withLock { $0 }
  }
}
