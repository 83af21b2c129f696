import BudgetLedger
import LibPQ

/// Runs `body`, and says what PostgreSQL, the schema or the ledger have against it.
func translatingErrors<R>(_ body: () async throws -> R) async throws -> R {
  do {
    return try await body()
  } catch let error as PostgresError {
    throw CommandFailure("PostgreSQL: \(error.ledgerReason)")
  } catch let error as LedgerError {
    // It may name what somebody has written into a row.
    throw CommandFailure(printable("\(error)"))
  } catch  where error is MigrationError || error is LedgerInUse || error is SchemaProblem {
    throw CommandFailure("\(error)")
  }
}
