import ArgumentParser

struct TrustBudgetCommand: CommandGroup {
  static let configuration = CommandConfiguration(
    commandName: "trust-budget",
    abstract: "Limits how much authority a certificate authority hands out over time.",
    discussion: """
      Try it, with nothing configured:

        trust-budget dev
      """,
    version: VersionCommand.text,
    subcommands: [
      DevCommand.self, ServeCommand.self, MigrateCommand.self, PolicyCommand.self,
      BudgetCommand.self, AuditCommand.self, LedgerCommand.self, ExecCommand.self,
      BreakGlassCommand.self, TokenCommand.self, ConfigCommand.self, DoctorCommand.self,
      VersionCommand.self,
    ])
}
