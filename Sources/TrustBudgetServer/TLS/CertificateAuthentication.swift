import Hummingbird
import PolicyFile
import TrustBudget

/// The file that says what the holders of client certificates may do.
package typealias ClientRolesFile = WatchedFiles<ClientRoles>

/// `--auth mtls`: who calls is who the certificate says, if a file has a role for that name.
package struct CertificateAuthentication: Authenticator {
  private let roles: ClientRolesFile

  package init(roles: ClientRolesFile) {
    self.roles = roles
  }

  package func caller(of request: Request, _ context: NodeContext) throws -> Caller {
    guard let names = ClientCertificate.current?.names, !names.isEmpty else {
      throw Problem(
        .unauthenticated,
        "This node wants a client certificate that names its holder; this connection has none.")
    }
    guard let client = roles.current.client(named: names) else {
      let shown = names.map(\.description).joined(separator: ", ")
      throw Problem(
        .unauthenticated,
        "The client certificate is valid, and no role is given to any of its names: \(shown).")
    }
    return Caller(name: client.name, roles: client.roles)
  }
}
