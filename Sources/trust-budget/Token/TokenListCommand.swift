import ArgumentParser
import BudgetLedger
import TrustBudget

struct TokenListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List all tokens there ever were: names and roles.",
    discussion: "Example: trust-budget token list")

  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let tokens = try await translatingErrors {
      try await TokenStore(connectionString: database.connectionString).all()
    }
    let now = Timestamp.wallClock()
    if json {
      var object = JSONObjectText()
      object.put("tokens", tokens.map { $0.json(at: now) })
      print(object.text)
      return
    }
    var table = TextTable("NAME", "ROLES", "STATE", "CREATED", "BY", "EXPIRES")
    for token in tokens {
      table.add(
        token.name, token.roleNames.joined(separator: ","), token.state(at: now),
        token.createdAt.roundedUpToSecond.description, token.createdBy,
        token.expiresAt?.roundedUpToSecond.description ?? "never")
    }
    print(table)
  }
}
