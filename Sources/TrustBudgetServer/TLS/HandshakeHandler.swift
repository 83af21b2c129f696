import NIOCore
import NIOSSL
import NIOTLS

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
