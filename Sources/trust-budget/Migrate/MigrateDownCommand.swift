import ArgumentParser
import BudgetLedger
import TrustBudget

struct MigrateDownCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "down", abstract: "Take migrations back, the newest first.",
    discussion: """
      Example: trust-budget migrate down --to 2 --database-url postgresql:///ledger

      Entries are evidence, and callers need their tokens. What would destroy either is refused,
      unless --destroy-audit-data is given.
      """)

  @OptionGroup var options: MigrationOptions

  @Option(help: ArgumentHelp("The version that stays; 0: none.", valueName: "version"))
  var to: Int64

  @Flag(
    name: .customLong("destroy-audit-data"), help: "Also where entries or tokens are lost by it.")
  var destroyAuditData = false

  func run() async throws {
    let runner = try options.runner()
    let report = MigrationReport(isJSON: options.json)
    let reverted = try await translatingErrors {
      try await runner.down(
        to: to, destroyingAuditData: destroyAuditData, progress: { report($0) })
    }
    if options.json {
      var object = JSONObjectText()
      object.put("reverted", reverted.map(\.label))
      print(object.text)
    } else if reverted.isEmpty {
      print("The schema is at version \(to) already.")
    }
  }
}
