import ArgumentParser
import BudgetLedger
import LibPQ
import TrustBudget

struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Bring the database's schema up to date, or look at it.",
    subcommands: [MigrateUpCommand.self, MigrateStatusCommand.self])
}

struct MigrateUpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up", abstract: "Apply the migrations that are pending.",
    discussion: "Example: trust-budget migrate up --database-url postgresql:///ledger")

  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let runner = MigrationRunner(connectionString: database.connectionString)
    let isJSON = json
    let applied = try await translatingErrors {
      try await runner.up { progress in
        if !isJSON { report(progress) }
      }
    }
    if json {
      var object = JSONObjectText()
      object.put("applied", applied.map(\.label))
      print(object.text)
    } else if applied.isEmpty {
      print("Nothing to do: the schema is up to date.")
    }
  }
}

struct MigrateStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "List the migrations that were applied, and those pending.",
    discussion: "Example: trust-budget migrate status --database-url postgresql:///ledger")

  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let runner = MigrationRunner(connectionString: database.connectionString)
    let (applied, pending) = try await translatingErrors { try await runner.status() }
    if json {
      var object = JSONObjectText()
      object.put(
        "applied",
        applied.map { migration in
          var object = JSONObjectText()
          object.put("version", migration.version)
          object.put("name", migration.name)
          object.put("applied_at", migration.appliedAt)
          object.put("program_version", migration.programVersion)
          object.put("checksum", migration.checksum.hexadecimal)
          return object
        })
      object.put("pending", pending.map(\.label))
      print(object.text)
      return
    }
    var table = TextTable("VERSION", "NAME", "STATE", "APPLIED AT")
    for migration in applied {
      table.add("\(migration.version)", migration.name, "applied", "\(migration.appliedAt)")
    }
    for migration in pending {
      table.add("\(migration.version)", migration.name, "pending", "")
    }
    print(table)
  }
}

/// Says what a runner does, line by line.
func report(_ progress: MigrationRunner.Progress) {
  switch progress {
  case .waitingForOtherRunner: print("Waiting for another migration runner to finish …")
  case .applying: break
  case .applied(let migration): print("Applied \(migration.label).")
  case .gaveWay(let migration, let reason):
    print("\(migration.label) gave way and is tried again: \(reason)")
  }
}

/// Runs `body`, and says what PostgreSQL, the schema or the ledger have against it.
func translatingErrors<R>(_ body: () async throws -> R) async throws -> R {
  do {
    return try await body()
  } catch let error as PostgresError {
    throw CommandFailure("PostgreSQL: \(error)")
  } catch let error as MigrationError {
    throw CommandFailure("\(error)")
  } catch let error as SchemaProblem {
    throw CommandFailure("\(error)")
  } catch let error as LedgerError {
    throw CommandFailure("\(error)")
  }
}
