import ArgumentParser
import BudgetLedger
import TrustBudget

struct TokenRevokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "End a token, on every node within seconds.",
    discussion: """
      Example: trust-budget token revoke ca-1

      A node that cannot reach PostgreSQL goes on taking it, for as long as its --auth-grace says; for
      break-glass, until it can.
      """)

  @Argument(help: "The token's name.")
  var name: String

  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let revoked = try await translatingErrors {
      try await TokenStore(connectionString: database.connectionString).revoke(name: name)
    }
    guard let token = revoked else { throw CommandFailure("there is no token \(name)") }
    if json {
      print(token.json(at: .wallClock()).text)
    } else {
      print("\(name) is revoked since \(token.revokedAt?.roundedUpToSecond.description ?? "now").")
    }
  }
}
