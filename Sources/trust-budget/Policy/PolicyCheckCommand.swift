import ArgumentParser
import PolicyFile
import TrustBudget

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
      print("\(file): ok, \(counted(policy.rules.count, "rule")), sha256 \(policy.digest)")
    }
  }
}
