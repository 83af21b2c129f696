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
