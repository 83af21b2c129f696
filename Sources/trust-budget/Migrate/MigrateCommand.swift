import ArgumentParser

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
