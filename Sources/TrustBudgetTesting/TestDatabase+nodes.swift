import BudgetLedger
import Foundation
import Logging
import TrustBudget

extension TestDatabase {
  /// Lends running ledgers, as so many nodes of a service would be.
  package func withNodes<R: Sendable>(
    _ count: Int, configure: (inout LedgerSettings) -> Void = { _ in },
    _ body: ([BudgetLedger]) async throws -> R
  ) async throws -> R {
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let nodes = try (1...count).map { number in
      var settings = LedgerSettings(node: "node-\(number)")
      settings.patience = .seconds(20)
      configure(&settings)
      return try BudgetLedger(
        connectionString: connectionString, settings: settings, logger: logger)
    }
    return try await withThrowingTaskGroup { group in
      for node in nodes {
        group.addTask { try await node.run() }
      }
      defer { group.cancelAll() }
      return try await body(nodes)
    }
  }
}

extension Charge {
  /// A charge with nothing unusual about it.
  package static func of(
    _ budgetID: String, cost: Int64 = 1, initialBalance: Int64 = 100,
    resetInterval: ResetInterval? = nil, requestID: String = UUID().uuidString.lowercased(),
    username: String = "alice"
  ) throws -> Charge {
    try Charge(
      requestID: try RequestID(requestID),
      content: RequestContent(["test", username, budgetID, String(cost)]),
      username: try Username(username),
      terms: [
        Terms(
          budgetID: try BudgetID(budgetID), cost: try Points(cost),
          initialBalance: try Points(initialBalance), resetInterval: resetInterval)
      ],
      origin: Origin(actor: "test"))
  }
}

extension Answer {
  package var isCharged: Bool {
    if case .charged(_, replayed: false) = self { true } else { false }
  }

  package var isReplay: Bool {
    if case .charged(_, replayed: true) = self { true } else { false }
  }

  package var isDenied: Bool {
    if case .denied = self { true } else { false }
  }
}
