import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// The body of a request whose caller sends it only when told to (`Expect: 100-continue`): it is told
/// when a route begins to read. Whoever is refused before that need not send it.
private struct AwaitedBody: AsyncSequence, Sendable {
  let body: RequestBody
  let channel: any Channel

  struct AsyncIterator: AsyncIteratorProtocol {
    var body: RequestBody.AsyncIterator
    /// nil: the caller is told.
    var channel: (any Channel)?

    mutating func next() async throws -> ByteBuffer? {
      if let channel {
        self.channel = nil
        channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)), promise: nil)
      }
      return try await body.next()
    }
  }

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(body: body.makeAsyncIterator(), channel: channel)
  }
}

extension Request {
  /// The request, with a body that the caller is told to send once somebody reads it.
  func tellingToContinue(on channel: any Channel) -> Request {
    guard head.isBodyAwaited else { return self }
    var request = self
    request.body = RequestBody(asyncSequence: AwaitedBody(body: body, channel: channel))
    return request
  }
}

extension HTTPRequest {
  /// Whether the caller keeps the body back until it is told to send it.
  var isBodyAwaited: Bool { headerFields[.expect]?.lowercased() == "100-continue" }
}
