import ArgumentParser

struct BreakGlassCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "break-glass",
    abstract: "Sign in an emergency, whatever the budgets say; list the emergencies there were.",
    discussion: """
      Example: trust-budget break-glass --username alice --reason "db-1 is down" -- \\
                 ssh-keygen -s ca -I alice -n {principals} -V +{max_duration} id.pub
      """,
    subcommands: [BreakGlassRunCommand.self, BreakGlassListCommand.self],
    defaultSubcommand: BreakGlassRunCommand.self)
}
