import ArgumentParser
import BudgetLedger
import LibPQ

struct MigrateCommand: CommandGroup {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Bring the database's schema up to date, or look at it.",
    discussion: "Example: trust-budget migrate up --database-url postgresql:///ledger",
    subcommands: [
      MigratePlanCommand.self, MigrateUpCommand.self, MigrateDownCommand.self,
      MigrateStatusCommand.self, MigrateVerifyCommand.self, MigrateRepairCommand.self,
      MigrateBaselineCommand.self, MigrateNewCommand.self, MigrateCatalogueCommand.self,
    ])
}

/// Runs `body`, and says what PostgreSQL, the schema or the ledger have against it.
func translatingErrors<R>(_ body: () async throws -> R) async throws -> R {
  do {
    return try await body()
  } catch let error as PostgresError {
    throw CommandFailure("PostgreSQL: \(error)")
  } catch let error as MigrationError {
    throw CommandFailure("\(error)")
  } catch let error as SchemaProblem {
    throw CommandFailure("\(error)")
  } catch let error as LedgerError {
    throw CommandFailure("\(error)")
  }
}
