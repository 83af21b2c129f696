import ArgumentParser
import BudgetLedger
import TrustBudget

struct MigrateNewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Make the two files of the next migration.",
    discussion: "Example: trust-budget migrate new audit_retention")

  @Argument(help: "What it is called: letters, digits, _ and -.")
  var name: String

  @Option(help: "Where the migrations are.")
  var migrations = "migrations"

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard MigrationFileName.isValid(name: name) else {
      throw ValidationError("a migration's name has letters, digits, _ and - only")
    }
  }

  func run() throws {
    let paths = try MigrationDirectory(path: migrations).makeFiles(name: name)
    if json {
      var object = JSONObjectText()
      object.put("files", paths)
      print(object.text)
    } else {
      for path in paths { print(path) }
    }
  }
}
