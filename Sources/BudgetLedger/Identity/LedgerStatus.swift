import LibPQ
import TrustBudget

/// What a ledger is, and whether a node that has seen nothing of it would work on it.
package struct LedgerStatus: Hashable, Sendable {
  package let ledger: LedgerIdentity
  package let systemIdentifier: Int64
  package let timeline: Int64
  /// nil: nodes work on it.
  package let problem: SchemaProblem?

  /// - Throws: `SchemaProblem` where there is no ledger, or `PostgresError`.
  package static func read(connectionString: String) async throws -> LedgerStatus {
    var configuration = try PostgresConfiguration(
      command: "ledger", connectionString, isReadOnly: true)
    configuration.requirePrimary()
    return try await PostgresConnection.with(configuration) { connection in
      try await connection.run { try LedgerStatus(on: $0) }
    }
  }

  private init(on session: PostgresSession) throws {
    var problem: SchemaProblem?
    do {
      _ = try SchemaCheck.embedded.ledger(on: session)
    } catch let found as SchemaProblem {
      switch found {
      case .restored, .promoted: problem = found
      default: throw found
      }
    }
    guard let found = try session.execute(ReadLedgerServer()).first else {
      throw SchemaProblem.withoutLedger
    }
    ledger = found.ledger.identity
    systemIdentifier = found.current.systemIdentifier
    timeline = found.current.timeline
    self.problem = problem
  }
}
