import ArgumentParser

struct LedgerCommand: CommandGroup {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Which ledger this is; go on with a restored one.",
    discussion: "Example: trust-budget ledger show --database-url postgresql:///ledger",
    subcommands: [LedgerShowCommand.self, LedgerNewEpochCommand.self])
}
