import Foundation
import TrustBudgetTesting

/// `trust-budget`, the executable under test.
enum Program {
  /// Beside the test bundle, where the build puts both.
  static let path: String = {
    let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    return bundle.deletingLastPathComponent().appending(path: "trust-budget").path(
      percentEncoded: false)
  }()

  /// Starts it, lends it, and kills it if it still runs afterwards.
  static func with<R>(
    _ arguments: [String], environment: [String: String] = [:], by launcher: [String] = [],
    _ body: (RunningProgram) async throws -> R
  ) async throws -> R {
    try await Gate.programs.pass {
      let program = try start(arguments, environment: environment, by: launcher)
      do {
        let result = try await body(program)
        await program.kill()
        return result
      } catch {
        await program.kill()
        throw error
      }
    }
  }

  /// Runs it to its end.
  static func run(
    _ arguments: String..., environment: [String: String] = [:], by launcher: [String] = [],
    within limit: Duration = .seconds(60)
  ) async throws -> RunningProgram.End {
    try await run(arguments, environment: environment, by: launcher, within: limit)
  }

  /// The same.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], by launcher: [String] = [],
    within limit: Duration = .seconds(60)
  ) async throws -> RunningProgram.End {
    try await with(arguments, environment: environment, by: launcher) {
      try await $0.end(within: limit)
    }
  }

  /// Whoever starts it must kill it.
  ///
  /// - Parameter launcher: a command that becomes the program, whose words follow its own.
  static func start(
    _ arguments: [String], environment: [String: String] = [:], by launcher: [String] = []
  ) throws -> RunningProgram {
    let words = launcher + [path] + arguments
    return try RunningProgram(
      executable: words[0], arguments: Array(words.dropFirst()),
      environment: inherited.merging(environment) { _, ours in ours })
  }

  /// What the program inherits: nothing that says where a database is.
  private static var inherited: [String: String] {
    ProcessInfo.processInfo.environment.filter { name, _ in
      name != "DATABASE_URL" && !name.hasPrefix("PG") && !name.hasPrefix("TRUST_BUDGET_")
    }
  }
}

/// Runs another program, `ssh-keygen` say, and gives what it prints.
///
/// - Throws: `TestFailure` with what it said when it fails.
@discardableResult
func tool(_ arguments: String...) async throws -> String {
  try await tool(arguments)
}

@discardableResult
func tool(_ arguments: [String]) async throws -> String {
  let environment = ProcessInfo.processInfo.environment.merging(["TZ": "UTC", "LC_ALL": "C"]) {
    _, ours in ours
  }
  let program = try RunningProgram(
    executable: "/usr/bin/env", arguments: arguments, environment: environment)
  do {
    let end = try await program.end(within: .seconds(30))
    await program.kill()
    guard end.status == 0 else {
      throw TestFailure("\(arguments): status \(end.status): \(end.errors)")
    }
    return end.output
  } catch {
    await program.kill()
    throw error
  }
}
