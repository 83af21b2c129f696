import NIOCore
import NIOHTTP1

/// Heeds what the head of a request says of its connection: nobody behind this handler knows the
/// request's version.
///
/// A caller of HTTP/1.0 takes the connection's end for the end of its answer, and knows no 100 (Continue).
final class RequestHeadHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart

  private let progress: RequestProgress

  init(_ progress: RequestProgress) {
    self.progress = progress
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(var head) = unwrapInboundIn(data),
      head.version != .http1_1 || !head.isKeepAlive
    else { return context.fireChannelRead(data) }
    if head.version != .http1_1 { head.headers.remove(name: "expect") }
    if !head.isKeepAlive {
      progress.isLastRequest = true
      // In the one spelling that Hummingbird knows.
      head.headers.replaceOrAdd(name: "connection", value: "close")
    }
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }
}
