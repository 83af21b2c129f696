import ArgumentParser
import BudgetLedger
import TrustBudget

struct MigratePlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Print the SQL that up would run, in order; run nothing.",
    discussion: """
      Example: trust-budget migrate plan --database-url postgresql:///ledger > review.sql

      It is a script for psql: a DBA who prefers to run it by hand gets the same schema and the same
      history.
      """)

  @OptionGroup var options: MigrationOptions

  @Option(help: ArgumentHelp("Stop at this version. Default: the newest.", valueName: "version"))
  var to: Int64?

  func run() async throws {
    let runner = try options.runner()
    let plan = try await translatingErrors { try await runner.plan(to: to) }
    if options.json {
      var object = JSONObjectText()
      object.put("migrations", plan.migrations.map(\.label))
      object.put("sql", plan.isEmpty ? "" : plan.sql)
      print(object.text)
    } else {
      print(plan.isEmpty ? "-- Nothing to do: the schema is up to date." : plan.sql)
    }
  }
}
