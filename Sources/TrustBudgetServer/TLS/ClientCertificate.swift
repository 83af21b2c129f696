import NIOCore
import NIOSSL
import NIOTLS
import PolicyFile
import SwiftASN1
import Synchronization
import X509

/// The certificate of the caller at the other end of a connection, verified by then.
final class ClientCertificate: Sendable {
  /// That of the connection whose requests the running task answers; nil: it has no TLS.
  @TaskLocal static var current: ClientCertificate?

  private let held = Mutex<[ClientName]>([])

  /// What the certificate calls its holder: its SANs, then its CN. Empty: there is no certificate.
  var names: [ClientName] { held.withLock { $0 } }

  fileprivate func show(_ certificate: NIOSSLCertificate) throws {
    let names = try ClientName.names(in: Certificate(derEncoded: certificate.toDERBytes()))
    held.withLock { $0 = names }
  }
}

extension ClientName {
  fileprivate static func names(in certificate: Certificate) throws -> [ClientName] {
    let alternatives = try certificate.extensions.subjectAlternativeNames ?? .init([])
    let fromSubject = certificate.subject.flatMap { $0 }
      .filter { $0.type == .RDNAttributeType.commonName }
      .compactMap { String($0.value) }
      .map { ClientName(.commonName, $0) }
    return alternatives.compactMap { name in
      switch name {
      case .dnsName(let name): ClientName(.dns, name)
      case .rfc822Name(let address): ClientName(.email, address)
      case .uniformResourceIdentifier(let address): ClientName(.uri, address)
      default: nil
      }
    } + fromSubject
  }
}

/// Keeps the caller's certificate once the handshake has verified it.
final class HandshakeHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let client: ClientCertificate

  init(_ client: ClientCertificate) {
    self.client = client
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted = event as? TLSUserEvent,
      let tls = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self),
      let certificate = tls.peerCertificate
    {
      do {
        try client.show(certificate)
      } catch {
        // A certificate that cannot be read names nobody.
        context.close(promise: nil)
      }
    }
    context.fireUserInboundEventTriggered(event)
  }
}
