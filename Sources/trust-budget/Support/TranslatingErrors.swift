import BudgetLedger
import LibPQ

/// Runs `body`, and says what PostgreSQL, the schema or the ledger have against it.
func translatingErrors<R>(_ body: () async throws -> R) async throws -> R {
  do {
    return try await body()
  } catch let error as PostgresError {
    throw CommandFailure("PostgreSQL: \(error.ledgerReason)")
  } catch let error as MigrationError {
    throw CommandFailure("\(error)")
  } catch let error as LedgerInUse {
    throw CommandFailure("\(error)")
  } catch let error as SchemaProblem {
    throw CommandFailure("\(error)")
  } catch let error as LedgerError {
    throw CommandFailure("\(error)")
  }
}
