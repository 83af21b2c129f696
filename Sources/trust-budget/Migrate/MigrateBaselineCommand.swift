import ArgumentParser
import BudgetLedger
import TrustBudget

struct MigrateBaselineCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "baseline",
    abstract: "Record migrations as applied without running them: the schema was made by hand.",
    discussion: """
      Example: trust-budget migrate baseline --version 2 --reason "created by change 4711"

      For a database without a history. The schema must be what the migrations up to that one make:
      the others are tried out, and what comes of it compared, before anything is recorded.
      """)

  @OptionGroup var options: MigrationOptions

  @Option(help: ArgumentHelp("The newest migration that the schema has.", valueName: "version"))
  var version: Int64

  @Option(help: "Why, for the record.")
  var reason: String

  func validate() throws { _ = try validReason(reason) }

  func run() async throws {
    let runner = try options.runner()
    let migrations = try await translatingErrors {
      try await runner.baseline(version: version, reason: try validReason(reason))
    }
    if options.json {
      var object = JSONObjectText()
      object.put("baselined", migrations.map(\.label))
      print(object.text)
    } else {
      for migration in migrations { print("Recorded \(migration.label).") }
    }
  }
}
