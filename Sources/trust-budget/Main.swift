import ArgumentParser
import Foundation

/// The program's entry. Exits 0 when done, 1 when refused or failed, 2 on wrong usage.
@main
struct Main {
  static func main() async {
    do {
      var command = try TrustBudgetCommand.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      try Console.flushOutput()
    } catch {
      exit(report(error))
    }
  }

  /// Tells a person what went wrong, and gives the exit status.
  private static func report(_ error: any Error) -> Int32 {
    if let status = error as? ExitCode { return status.rawValue }
    if let failure = error as? CommandFailure {
      Console.error(failure.message)
      return 1
    }
    let message = TrustBudgetCommand.fullMessage(for: error)
    switch TrustBudgetCommand.exitCode(for: error) {
    case .success:
      print(message)
      return 0
    // Other mistakes may come of it, an option that is missing say.
    case _ where Configuration.problem != nil:
      Console.note(Configuration.problem?.text ?? "")
      return 1
    case .validationFailure:
      Console.note(message)
      return 2
    default:
      Console.error("\(error)")
      return 1
    }
  }
}

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
