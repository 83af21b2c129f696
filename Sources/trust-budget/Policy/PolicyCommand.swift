import ArgumentParser

struct PolicyCommand: CommandGroup {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Check a policy file, or explain what it decides.",
    discussion: "Example: trust-budget policy check policy.yaml",
    subcommands: [PolicyCheckCommand.self, PolicyExplainCommand.self])
}
