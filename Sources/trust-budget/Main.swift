import ArgumentParser
import Foundation

/// The program's entry. Exits 0 when done, 1 when refused or failed, 2 on wrong usage.
@main
struct Main {
  static func main() async {
    // The library beneath Swift's tasks would tell syslog of each thread whose priority it may not raise.
    setenv("LIBDISPATCH_LOG", "NO", 0)
    StandardStreams.hold()
    let arguments = CommandLine.arguments
    if let number = numberOfUnreadable(in: arguments) {
      // Not which one: it may hold a password.
      Console.error("argument \(number) is not UTF-8")
      exit(2)
    }
    HiddenPasswords.hide(in: arguments)
    do {
      var command = try TrustBudgetCommand.parseAsRoot(Array(arguments.dropFirst()))
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      try Console.flushOutput()
      Console.finish()
    } catch {
      let status = report(error)
      Console.finish()
      exit(status)
    }
  }

  /// The first argument that is not UTF-8, and so would be another by now: a file that nobody has.
  private static func numberOfUnreadable(in arguments: [String]) -> Int? {
    arguments.indices.first { number in
      CommandLine.unsafeArgv[number].map { strcmp($0, arguments[number]) != 0 } ?? false
    }
  }

  /// ArgumentParser cannot write a help that is narrower than its own margins.
  private static func widenNarrowTerminal() {
    var size = winsize()
    let columns =
      ProcessInfo.processInfo.environment["COLUMNS"].map { Int($0) ?? 0 }
      ?? (ioctl(1, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : 80)
    if columns < 60 { setenv("COLUMNS", "60", 1) }
  }

  /// Tells a person what went wrong, and gives the exit status.
  private static func report(_ error: any Error) -> Int32 {
    if let status = error as? ExitCode { return status.rawValue }
    if let failure = error as? CommandFailure {
      Console.error(failure.message)
      return 1
    }
    widenNarrowTerminal()
    let message = TrustBudgetCommand.fullMessage(for: error)
    let status = TrustBudgetCommand.exitCode(for: error)
    // Other mistakes may come of it, an option that is missing say.
    if status != .success, let problem = Configuration.problem {
      Console.note(problem.text)
      return problem.status
    }
    switch status {
    case .success:
      print(message)
      return 0
    case .validationFailure:
      Console.note(message)
      let words = CommandLine.arguments.dropFirst().prefix { $0 != "--" }
      // Elsewhere such a number belongs to an option, and is wrong wherever it stands.
      if words.starts(with: ["budget", "adjust"]),
        let number = words.first(where: { $0.wholeMatch(of: /-[0-9]+/) != nil })
      {
        Console.note("A number below zero comes last, after two dashes: -- \(number)")
      }
      return 2
    default:
      Console.error("\(error)")
      return 1
    }
  }
}
