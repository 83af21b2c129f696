import ArgumentParser
import BudgetLedger
import TrustBudget

struct TokenCommand: CommandGroup {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Say who may call the nodes: make, list and revoke tokens.",
    discussion: """
      Example: trust-budget token create --name ca-1 --role issuer > ca-1.token

      As the ledger's owner. Nodes read the tokens every second.
      """,
    subcommands: [TokenCreateCommand.self, TokenListCommand.self, TokenRevokeCommand.self])
}

extension APIToken {
  /// The roles, in the order of their power.
  var roleNames: [String] { Role.allCases.filter(roles.contains).map(\.rawValue) }

  /// What became of it: `valid`, `expired`, `revoked`.
  func state(at now: Timestamp) -> String {
    if revokedAt != nil { return "revoked" }
    return expiresAt.map { $0 <= now } == true ? "expired" : "valid"
  }

  /// All but the token and its digest.
  func json(at now: Timestamp) -> JSONObjectText {
    var object = JSONObjectText()
    object.put("name", name)
    object.put("roles", roleNames)
    object.put("state", state(at: now))
    object.put("created_at", createdAt)
    object.put("created_by", createdBy)
    object.put("expires_at", expiresAt)
    object.put("revoked_at", revokedAt)
    return object
  }
}

extension Role: ExpressibleByArgument {}
