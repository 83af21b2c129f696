import BudgetLedger
import LibPQ
import Logging
import TrustBudget

extension DatabaseOptions {
  /// Lends a reader of the ledger, and closes it.
  func withReader<R>(_ body: (LedgerReader) async throws -> R) async throws -> R {
    try await translatingErrors {
      let reader = try LedgerReader(connectionString: connectionString, settings: settings)
      return try await doing {
        try await reader.checkVersion()
        return try await body(reader)
      } finally: {
        await reader.close()
      }
    }
  }

  /// Decides one operation as a node would, and ends.
  func perform(_ operation: Operation) async throws -> Answer {
    let repetition =
      "To repeat the command, and make the change once: --request-id \(operation.requestID)"
    return try await translatingErrors {
      let ledger = try BudgetLedger(
        connectionString: connectionString, settings: settings,
        logger: Logger(label: "trust-budget", factory: { _ in SwiftLogNoOpLogHandler() }))
      return try await withThrowingTaskGroup { group in
        group.addTask { try await ledger.run() }
        defer { group.cancelAll() }
        do {
          return try await Interruption.telling(
            "whether the change was made is not known\n\(repetition)"
          ) { try await ledger.perform(operation) }
        } catch let error as LedgerError {
          guard case .outcomeUnknown = error else { throw error }
          throw CommandFailure("\(error)\n\(repetition)")
        }
      }
    }
  }

  private var settings: LedgerSettings {
    var settings = LedgerSettings(node: "cli")
    settings.lanes = 1
    settings.readers = 1
    return settings
  }
}
