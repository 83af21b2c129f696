import ArgumentParser
import Foundation
import PolicyFile
import TrustBudget

struct PolicyExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say which rule a request falls under, why not an earlier one, and what it costs.",
    discussion: """
      Example: trust-budget policy explain policy.yaml --username alice --group dev

      Exits 0 when the policy grants the request, 1 when it refuses it.
      """)

  @Argument(help: "The policy file.")
  var file: String

  @OptionGroup var requester: RequesterOptions

  @Option(
    help: ArgumentHelp(
      "The time to decide at, in UTC: 2026-01-02 or 2026-01-02T03:04:05Z. Default: now.",
      valueName: "time"), transform: Timestamp.init(option:))
  var at: Timestamp?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    _ = try requester.issuanceRequest()
  }

  func run() throws {
    let policy = try Policy(reportingOnFile: file, json: json)
    let explanation = policy.explain(try requester.issuanceRequest(), at: at ?? .wallClock())
    print(json ? try JSONText.encode(explanation) : "\(explanation)")
    if case .failure = explanation.verdict { throw ExitCode.failure }
  }
}
