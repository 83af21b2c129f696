import ArgumentParser

struct BudgetCommand: CommandGroup {
  static let configuration = CommandConfiguration(
    commandName: "budget", abstract: "Look at budgets and their trail; top them up, reset them.",
    discussion: "Example: trust-budget budget show user:alice",
    subcommands: [
      BudgetListCommand.self, BudgetShowCommand.self, BudgetHistoryCommand.self,
      BudgetAdjustCommand.self, BudgetResetCommand.self,
    ])
}
