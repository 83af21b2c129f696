import ArgumentParser
import BudgetLedger
import TrustBudget

struct MigrateStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "List the migrations that were applied, and those pending.",
    discussion: "Example: trust-budget migrate status --database-url postgresql:///ledger")

  @OptionGroup var options: MigrationOptions

  func run() async throws {
    let runner = try options.runner()
    let (applied, pending) = try await translatingErrors { try await runner.status() }
    if options.json {
      print(MigrateStatusCommand.json(applied: applied, pending: pending).text)
      return
    }
    var table = TextTable("VERSION", "NAME", "STATE", "APPLIED AT")
    for migration in applied {
      if let appliedAt = migration.appliedAt {
        table.add("\(migration.version)", migration.name, "applied", "\(appliedAt)")
      } else {
        table.add("\(migration.version)", migration.name, "interrupted", "")
      }
    }
    for migration in pending where !applied.contains(where: { $0.version == migration.version }) {
      table.add("\(migration.version)", migration.name, "pending", "")
    }
    print(table)
  }

  private static func json(applied: [AppliedMigration], pending: [Migration]) -> JSONObjectText {
    var object = JSONObjectText()
    object.put(
      "applied",
      applied.filter { $0.appliedAt != nil }.map { migration in
        var object = JSONObjectText()
        object.put("version", migration.version)
        object.put("name", migration.name)
        if let appliedAt = migration.appliedAt { object.put("applied_at", appliedAt) }
        object.put("program_version", migration.programVersion)
        object.put("checksum", migration.checksum.hexadecimal)
        return object
      })
    object.put("interrupted", applied.filter { $0.appliedAt == nil }.map(\.label))
    object.put("pending", pending.map(\.label))
    return object
  }
}
