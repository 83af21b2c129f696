import BudgetLedger
import CoreMetrics
import LibPQ
import Logging
import TrustBudget

extension TestDatabase {
  /// Makes a ledger, as a node of a service would have it. It decides nothing until it is run.
  ///
  /// - Parameter through: how to connect, where it is not straight to the database.
  package func node(
    _ name: String = "node-1", through connectionString: String? = nil,
    metrics: any MetricsFactory = NOOPMetricsHandler.instance,
    configure: (inout LedgerSettings) -> Void = { _ in }
  ) throws -> BudgetLedger {
    var settings = LedgerSettings(node: name)
    settings.patience = .seconds(20)
    // For a machine that is busy with other tests; what is bounded is tested where it is set.
    settings.connectTimeout = .seconds(10)
    configure(&settings)
    return try BudgetLedger(
      connectionString: connectionString ?? self.connectionString, settings: settings,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), metrics: metrics)
  }

  /// Lends running ledgers, as so many nodes of a service would be.
  package func withNodes<R: Sendable>(
    _ count: Int, configure: (inout LedgerSettings) -> Void = { _ in },
    _ body: ([BudgetLedger]) async throws -> R
  ) async throws -> R {
    let nodes = try (1...count).map { try node("node-\($0)", configure: configure) }
    return try await withRunning(nodes) { try await body(nodes) }
  }
}

/// Runs ledgers for as long as `body` takes.
package func withRunning<R: Sendable>(
  _ nodes: [BudgetLedger], _ body: () async throws -> R
) async throws -> R {
  try await withThrowingTaskGroup { group in
    for node in nodes {
      group.addTask { try await node.run() }
    }
    defer { group.cancelAll() }
    return try await body()
  }
}

extension BudgetLedger {
  /// What became of an operation, error or answer.
  package func outcome(of operation: Operation) async -> Result<Answer, LedgerError> {
    do {
      return .success(try await perform(operation))
    } catch let error as LedgerError {
      return .failure(error)
    } catch {
      return .failure(.unavailable(reason: "not a LedgerError: \(error)"))
    }
  }

  /// Puts operations into the queues of a node that isn't running yet, in their order, then runs it
  /// while they and `body` last: so those of one lane are one batch, up to the bound.
  ///
  /// - Returns: what became of each, in their order.
  package func performTogether(
    _ operations: [Operation], whileDoing body: @Sendable () async throws -> Void = {}
  ) async throws -> [Result<Answer, LedgerError>] {
    try await withThrowingTaskGroup { group in
      for (index, operation) in operations.enumerated() {
        group.addTask { (index, await outcome(of: operation)) }
        guard try await eventually({ queueLength == index + 1 }) else {
          throw TestFailure("operation \(index) never came to wait")
        }
      }
      return try await withRunning([self]) {
        try await body()
        var outcomes: [Int: Result<Answer, LedgerError>] = [:]
        for try await (index, outcome) in group { outcomes[index] = outcome }
        return operations.indices.compactMap { outcomes[$0] }
      }
    }
  }
}
