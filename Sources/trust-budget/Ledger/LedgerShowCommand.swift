import ArgumentParser
import BudgetLedger
import TrustBudget

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
