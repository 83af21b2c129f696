import BudgetLedger
import Foundation
import Logging
import Synchronization
import TrustBudget

/// The engine in this process, asked by many callers at once.
struct EngineLoad {
  let database: Database
  let budgets: Int
  let seconds: Int
  var callers = 512
  var nodes = 1

  /// Charges a second, all of them answered and committed.
  func rate() async throws -> Double {
    let ledgers = try (1...nodes).map { number in
      try BudgetLedger(
        connectionString: database.connectionString,
        settings: LedgerSettings(node: "bench-\(number)"),
        logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
    }
    return try await withThrowingTaskGroup { group in
      for ledger in ledgers {
        group.addTask { try await ledger.run() }
      }
      defer { group.cancelAll() }
      // The first charges open the connections and prepare the statements.
      for ledger in ledgers {
        var numbers = SplitMix64(seed: .random(in: 0 ... .max))
        for _ in 0..<64 { _ = try await charge(on: ledger, &numbers) }
      }
      return try await load(ledgers)
    }
  }

  private func load(_ ledgers: [BudgetLedger]) async throws -> Double {
    let start = ContinuousClock.now
    let end = start + .seconds(seconds)
    let total = try await withThrowingTaskGroup(of: Int.self) { group in
      for caller in 0..<callers {
        group.addTask {
          let ledger = ledgers[caller % ledgers.count]
          var numbers = SplitMix64(seed: .random(in: 0 ... .max))
          var count = 0
          while ContinuousClock.now < end {
            guard case .charged = try await charge(on: ledger, &numbers) else {
              throw Tool.Failure(description: "a charge was not allowed")
            }
            count += 1
          }
          return count
        }
      }
      return try await group.reduce(0, +)
    }
    return Double(total) / ((ContinuousClock.now - start) / .seconds(1))
  }

  private func charge(
    on ledger: BudgetLedger, _ numbers: inout SplitMix64
  ) async throws -> Answer {
    let number = Int.random(in: 1...budgets, using: &numbers)
    // As a node makes it for a caller who sends none.
    let charge = try Charge(
      requestID: .random(),
      content: RequestContent(["bench", String(number)]),
      username: try Username("alice"),
      terms: [
        Terms(
          budgetID: try BudgetID("user:\(number)"),
          initialBalance: try Points(Points.maximum),
          resetInterval: try ResetInterval(hours: 100_000))
      ],
      origin: Origin(actor: "ca", rule: "Developer", policyDigest: .zero))
    return try await ledger.perform(.charge(charge))
  }
}

/// Random numbers without a system call each, which would be measured along.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    self.state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
