import ArgumentParser
import Foundation
import PolicyFile
import TrustBudget
import TrustBudgetServer

struct PolicyCommand: CommandGroup {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Check a policy file, or explain what it decides.",
    discussion: "Example: trust-budget policy check policy.yaml",
    subcommands: [PolicyCheckCommand.self, PolicyExplainCommand.self])
}

struct PolicyCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Report everything that is wrong with a policy file.",
    discussion: "Example: trust-budget policy check policy.yaml")

  @Argument(help: "The policy file.")
  var file: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let policy = try Policy(reportingOnFile: file, json: json)
    if json {
      print(try PolicyReport(policy: policy, diagnostics: policy.warnings).json)
    } else {
      if !policy.warnings.all.isEmpty { Console.note("\(policy.warnings)") }
      let rules = policy.rules.count == 1 ? "1 rule" : "\(policy.rules.count) rules"
      print("\(file): ok, \(rules), sha256 \(policy.digest)")
    }
  }
}

/// What `policy check --json` prints, and `policy explain --json` of a file that is no policy.
private struct PolicyReport: Encodable {
  let valid: Bool
  let digest: String?
  let diagnostics: [FileDiagnostic]
  /// How many more there were.
  let omitted: Int
  /// Why the file cannot be read; then there are no diagnostics.
  let problem: String?

  init(problem: String) {
    self.valid = false
    self.digest = nil
    self.diagnostics = []
    self.omitted = 0
    self.problem = problem
  }

  init(policy: Policy?, diagnostics: FileDiagnostics) {
    self.valid = policy != nil
    self.digest = policy?.digest.hexadecimal
    self.diagnostics = diagnostics.all
    self.omitted = diagnostics.omittedCount
    self.problem = nil
  }

  var json: String {
    get throws { try JSONText.encode(self) }
  }
}

/// JSON for machines that a person may look at.
enum JSONText {
  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}

extension Policy {
  /// Reads the policy that a command is about. What is wrong with it is printed, as JSON on request.
  ///
  /// - Throws: `ExitCode.failure`, or a `CommandFailure` when the file cannot be read; a `ValidationError` for no
  ///   name at all.
  init(reportingOnFile path: String, json: Bool) throws {
    guard !path.isEmpty else { throw ValidationError("the policy file's name must not be empty") }
    do {
      try self.init(yaml: Policy.bytes(ofFile: path), fileName: path)
    } catch let diagnostics as FileDiagnostics {
      if json {
        print(try PolicyReport(policy: nil, diagnostics: diagnostics).json)
      } else {
        Console.note("\(diagnostics)")
      }
      throw ExitCode.failure
    } catch let unreadable as UnreadableFile {
      if json { print(try PolicyReport(problem: "\(unreadable)").json) }
      throw CommandFailure("\(unreadable)")
    }
  }
}
