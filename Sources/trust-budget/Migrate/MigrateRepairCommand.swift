import ArgumentParser
import BudgetLedger
import TrustBudget

struct MigrateRepairCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair",
    abstract: "Accept a migration file that was changed after it was applied, and record why.",
    discussion: """
      Example: trust-budget migrate repair --version 2 --reason "only a comment was changed"

      It changes the history alone. What was done is kept in trust_budget.schema_events.
      """)

  @OptionGroup var options: MigrationOptions

  @Option(help: ArgumentHelp("The migration.", valueName: "version"))
  var version: Int64

  @Option(help: "Why, for the record.")
  var reason: String

  func validate() throws { _ = try validReason(reason) }

  func run() async throws {
    let runner = try options.runner()
    let migration = try await translatingErrors {
      try await runner.repair(version: version, reason: try validReason(reason))
    }
    if options.json {
      var object = JSONObjectText()
      object.put("repaired", migration.label)
      print(object.text)
    } else {
      print("The history has the checksum of \(migration.label) as it is now.")
    }
  }
}
