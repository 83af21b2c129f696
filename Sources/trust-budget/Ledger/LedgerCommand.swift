import ArgumentParser
import BudgetLedger
import TrustBudget

struct LedgerCommand: CommandGroup {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Which ledger this is; go on with a restored one.",
    discussion: "Example: trust-budget ledger show --database-url postgresql:///ledger",
    subcommands: [LedgerShowCommand.self, LedgerNewEpochCommand.self])
}

struct LedgerShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the ledger's identity, and whether nodes can work on it.",
    discussion: "Example: trust-budget ledger show --database-url postgresql:///ledger")

  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let status = try await translatingErrors {
      try await LedgerStatus.read(connectionString: database.connectionString)
    }
    if json {
      var object = JSONObjectText()
      object.put("id", status.ledger.id)
      object.put("epoch", status.ledger.epoch)
      // As text: it does not fit into every JSON reader's numbers.
      object.put("system_identifier", "\(status.systemIdentifier)")
      object.put("timeline", status.timeline)
      if let problem = status.problem { object.put("problem", "\(problem)") }
      print(object.text)
    } else {
      print("ledger \(status.ledger.id), epoch \(status.ledger.epoch)")
      print("on PostgreSQL cluster \(status.systemIdentifier), timeline \(status.timeline)")
      if let problem = status.problem { print("Nodes refuse to charge: \(problem)") }
    }
    if status.problem != nil { throw ExitCode.failure }
  }
}

struct LedgerNewEpochCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new-epoch",
    abstract: "Go on with a ledger that was restored, or that lost entries in a failover.",
    discussion: """
      Example: trust-budget ledger new-epoch --reason "restored the backup of 3 May: disk failure"

      As the ledger's owner, and once nobody works on the original any more. What is lost stays lost:
      the entries that are there keep their hashes, and new ones follow on them. Who did it, when and
      why is kept in trust_budget.ledger_history. Nodes go on by themselves.
      """)

  @OptionGroup var database: DatabaseOptions

  @Option(help: "Why, for the record.")
  var reason: String

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws { _ = try validReason(reason) }

  func run() async throws {
    let result = try await translatingErrors {
      try await NewEpoch(
        connectionString: database.connectionString, reason: try validReason(reason)
      ).begin()
    }
    if json {
      var object = JSONObjectText()
      object.put("id", result.ledger.id)
      object.put("epoch", result.ledger.epoch)
      object.put("ended_sessions", Int64(result.endedSessions))
      print(object.text)
    } else {
      print("The ledger \(result.ledger.id) is in epoch \(result.ledger.epoch) now.")
    }
  }
}
