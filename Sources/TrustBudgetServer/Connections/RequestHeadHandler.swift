import NIOCore
import NIOHTTP1

/// Heeds what the head of a request says of its connection and its host: nobody behind this handler knows
/// the request's version, nor all its Host fields.
///
/// A caller of HTTP/1.0 takes the connection's end for the end of its answer, and knows no 100 (Continue). One
/// that asks to keep the connection reads to its end all the same, unless it is told otherwise.
/// Of several hosts, a proxy may take one and a node another; RFC 9112, 3.2, refuses that, and none, and what is
/// no host's name. On a Unix socket there is none to name, and clients don't.
/// A body in a coding that the parser does not undo would be taken for what it is not.
/// Behind a request that offers another protocol the parser takes nothing more for HTTP, whatever the answer is.
final class RequestHeadHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart

  private let progress: RequestProgress
  private let needsHost: Bool
  /// Whether nothing is taken for a request any more.
  private var isRefused = false

  init(_ progress: RequestProgress, needsHost: Bool) {
    self.progress = progress
    self.needsHost = needsHost
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isRefused else { return }
    guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
    guard hasUsableHost(head) else {
      isRefused = true
      return context.fireErrorCaught(UnusableHost())
    }
    let codings = head.headers[canonicalForm: "transfer-encoding"]
    guard codings.count <= 1, codings.allSatisfy({ $0.lowercased() == "chunked" }) else {
      isRefused = true
      return context.fireErrorCaught(UnsupportedTransferCoding())
    }
    guard head.version != .http1_1 || !head.isKeepAlive || head.offersAnotherProtocol else {
      return context.fireChannelRead(data)
    }
    if head.version != .http1_1 { head.headers.remove(name: "expect") }
    progress.isLastRequest = true
    // In the one spelling that Hummingbird knows.
    head.headers.replaceOrAdd(name: "connection", value: "close")
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  private func hasUsableHost(_ head: HTTPRequestHead) -> Bool {
    let hosts = head.headers["host"]
    guard hosts.count <= 1 else { return false }
    // Whatever a client calls a socket that is a file.
    guard needsHost else { return true }
    return hosts.first.map(HostField.isValid) ?? (head.version != .http1_1)
  }
}

extension HTTPRequestHead {
  /// Clients that prefer HTTP/2 do so in each of their requests.
  fileprivate var offersAnotherProtocol: Bool {
    method == .CONNECT
      || headers.contains(name: "upgrade")
        && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
  }
}

/// A request's body is in another coding than `chunked`.
struct UnsupportedTransferCoding: Error {}

/// A request names no host, several, or what is none.
struct UnusableHost: Error {}
