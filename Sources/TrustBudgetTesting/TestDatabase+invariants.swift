import BudgetLedger
import LibPQ
import Testing
import TrustBudget

extension TestDatabase {
  /// Checks what must hold of every ledger at any time: each budget's entries replay to its row,
  /// numbers are dense, chains verify (here and by PostgreSQL), and no charge took what was not there.
  package func expectSoundLedger(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let connection = try await PostgresConnection.connect(
      try PostgresConfiguration(connectionString))
    let faults = try await connection.run { session in
      try LedgerAudit.faults(on: session)
    }
    await connection.close()
    #expect(faults == [], sourceLocation: sourceLocation)
  }
}
