import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A site on a port of this machine that answers each path with a status of its own, and remembers what it
/// was sent.
final class ListeningSite: Sendable {
  struct Call: Hashable {
    var method = ""
    var path = ""
    var contentType: String?
    var body = ""
  }

  private let received = Mutex<[Call]>([])
  private let answers: [String: (status: HTTPResponseStatus, location: String?)]

  private init(_ answers: [String: (status: HTTPResponseStatus, location: String?)]) {
    self.answers = answers
  }

  var calls: [Call] { received.withLock { $0 } }

  /// - Parameter answers: by path; any other is answered with 404.
  static func with(
    _ answers: [String: (status: HTTPResponseStatus, location: String?)],
    _ body: (_ site: ListeningSite, _ address: String) async throws -> Void
  ) async throws {
    let site = ListeningSite(answers)
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Handler(site: site))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    do {
      try await body(site, "http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
      try await channel.close()
    } catch {
      try? await channel.close()
      throw error
    }
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let site: ListeningSite
    private var call = Call()

    init(site: ListeningSite) {
      self.site = site
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        call = Call(
          method: head.method.rawValue, path: head.uri,
          contentType: head.headers["content-type"].first)
      case .body(let bytes):
        call.body += String(buffer: bytes)
      case .end:
        site.received.withLock { $0.append(call) }
        let (status, location) = site.answers[call.path] ?? (.notFound, nil)
        var head = HTTPResponseHead(version: .http1_1, status: status)
        head.headers.add(name: "content-length", value: "0")
        if let location { head.headers.add(name: "location", value: location) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      }
    }
  }
}
