import Hummingbird
import TrustBudget

/// Finds out who calls.
package protocol Authenticator: Sendable {
  /// - Throws: `Problem`: `unauthenticated` for who does not prove it, `ledger-unavailable` when that
  ///   cannot be found out.
  func caller(of request: Request, _ context: NodeContext) async throws -> Caller
}

/// `--auth none`: whoever can reach the node may do everything but give back what is settled, and has
/// no name.
package struct NoAuthentication: Authenticator {
  private let anybody = Caller(name: nil, roles: Set(Role.allCases))

  package init() {}

  package func caller(of request: Request, _ context: NodeContext) -> Caller { anybody }
}
