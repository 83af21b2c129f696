import ArgumentParser
import BudgetLedger
import TrustBudget

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
