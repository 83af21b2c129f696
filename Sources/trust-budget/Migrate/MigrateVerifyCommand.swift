import ArgumentParser
import BudgetLedger
import TrustBudget

struct MigrateVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that the schema is what the migrations make: history and live catalogue.",
    discussion: """
      Example: trust-budget migrate verify --database-url postgresql:///ledger

      Names each missing index, changed function, disabled trigger and so on. Exits 1 if there is any.
      """)

  @OptionGroup var options: MigrationOptions

  func run() async throws {
    let runner = try options.runner()
    let result = try await translatingErrors { try await runner.verify() }
    let problems =
      result.history.map { "\($0)" } + result.pending.map { "Migration \($0.label) is pending." }
      + (result.catalogue ?? []).map { "\($0)." }
    if options.json {
      var object = JSONObjectText()
      object.put("sound", result.isSound)
      object.put("catalogue_compared", result.catalogue != nil)
      object.put("problems", problems)
      print(object.text)
    } else {
      for problem in problems { print(printable(problem)) }
      if result.catalogue == nil {
        let reason =
          result.pending.isEmpty
          ? "nobody wrote down what it should be here" : "not all migrations were applied"
        Console.note("The live catalogue was not compared: \(reason).")
      }
      if result.isSound { print("The schema is what the migrations make.") }
    }
    if !result.isSound { throw ExitCode.failure }
  }
}
