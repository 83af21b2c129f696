import NIOSSL
import PolicyFile
import SwiftASN1
import Synchronization
import X509

/// The certificate of the caller at the other end of a connection, verified by then.
final class ClientCertificate: Sendable {
  /// That of the connection whose requests the running task answers; nil: it has no TLS.
  @TaskLocal static var current: ClientCertificate?

  private let held = Mutex<[ClientName]>([])

  /// What the certificate calls its holder: its SANs, then its CN. Empty: there is no certificate, or no
  /// name in it that a role could be given to.
  var names: [ClientName] { held.withLock { $0 } }

  func show(_ certificate: NIOSSLCertificate) throws {
    let names = try ClientName.names(in: Certificate(derEncoded: certificate.toDERBytes()))
    held.withLock { $0 = names }
  }
}

extension ClientName {
  /// Those that may stand in the file of the roles.
  fileprivate static func names(in certificate: Certificate) throws -> [ClientName] {
    let alternatives = try certificate.extensions.subjectAlternativeNames ?? .init([])
    let fromSubject = certificate.subject.flatMap { $0 }
      .filter { $0.type == .RDNAttributeType.commonName }
      .compactMap { String($0.value) }
      .compactMap { try? ClientName(.commonName, $0) }
    return alternatives.compactMap { name in
      switch name {
      case .dnsName(let name): try? ClientName(.dns, name)
      case .rfc822Name(let address): try? ClientName(.email, address)
      case .uniformResourceIdentifier(let address): try? ClientName(.uri, address)
      default: nil
      }
    } + fromSubject
  }
}
