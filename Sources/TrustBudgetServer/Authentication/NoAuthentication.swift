import Hummingbird
import TrustBudget

/// `--auth none`: whoever can reach the node may do everything but give back what is settled, and has
/// no name.
package struct NoAuthentication: Authenticator {
  private let anybody = Caller(name: nil, roles: Set(Role.allCases))

  package init() {}

  package func caller(of request: Request, _ context: NodeContext) -> Caller { anybody }
}
