import ArgumentParser
import BudgetLedger
import TrustBudget

struct MigrateCatalogueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalogue",
    abstract: "Print what the live schema consists of, in the form that verify compares with.",
    discussion: """
      Example: trust-budget migrate catalogue > migrations/catalogue.txt
      """)

  @OptionGroup var options: MigrationOptions

  func run() async throws {
    let runner = try options.runner()
    let catalogue = try await translatingErrors { try await runner.liveCatalogue() }
    if options.json {
      var object = JSONObjectText()
      object.put("objects", catalogue.objects.map(\.description))
      print(object.text)
    } else {
      print(catalogue.text, terminator: "")
    }
  }
}
