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
