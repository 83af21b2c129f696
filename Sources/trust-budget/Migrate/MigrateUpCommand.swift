import ArgumentParser
import BudgetLedger
import TrustBudget

struct MigrateUpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up", abstract: "Apply the migrations that are pending.",
    discussion: """
      Example: trust-budget migrate up --database-url postgresql:///ledger \\
                 --service-role trust_budget_service --auditor-role trust_budget_auditor

      The roles must exist. Name them each time: a new migration may bring something that they need.
      """)

  @OptionGroup var options: MigrationOptions

  @Option(help: ArgumentHelp("Stop at this version. Default: the newest.", valueName: "version"))
  var to: Int64?

  @Option(
    name: .customLong("service-role"),
    help: ArgumentHelp(
      "Give this role what trust-budget serve needs, and nothing more.", valueName: "name"))
  var serviceRole: String?

  @Option(
    name: .customLong("auditor-role"),
    help: ArgumentHelp(
      "Let this role read everything, and verify the chains.", valueName: "name"))
  var auditorRole: String?

  func validate() throws {
    guard serviceRole == nil || serviceRole != auditorRole else {
      throw ValidationError("--service-role and --auditor-role must be two roles")
    }
    guard to == nil || serviceRole == nil && auditorRole == nil else {
      throw ValidationError("roles are given what they need once the schema is up to date: no --to")
    }
  }

  func run() async throws {
    let runner = try options.runner()
    let report = MigrationReport(isJSON: options.json)
    let applied = try await translatingErrors {
      try await runner.up(
        to: to, roles: LedgerRoles(service: serviceRole, auditor: auditorRole),
        progress: { report($0) })
    }
    if options.json {
      var object = JSONObjectText()
      object.put("applied", applied.map(\.label))
      object.put("roles", [serviceRole, auditorRole].compactMap(\.self))
      print(object.text)
      return
    }
    if applied.isEmpty { print("The schema is up to date.") }
    if let serviceRole { print("\(serviceRole) may do what the service needs.") }
    if let auditorRole { print("\(auditorRole) may read everything.") }
  }
}
