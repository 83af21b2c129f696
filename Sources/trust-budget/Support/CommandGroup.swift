import ArgumentParser

/// A command that only has subcommands. Without one it does nothing, which a script that meant
/// `migrate up` must not take for success: help on standard error, and exit status 2.
protocol CommandGroup: AsyncParsableCommand {}

extension CommandGroup {
  func run() async throws {
    Console.note(TrustBudgetCommand.helpMessage(for: Self.self))
    throw ExitCode(2)
  }
}
