import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

/// An address that an event is posted to.
struct NoticeWebhook {
  /// Follows nobody elsewhere: a POST that is redirected may become a GET, which tells nobody anything.
  private static let client = HTTPClient(
    eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
    configuration: HTTPClient.Configuration(redirectConfiguration: .disallow))

  private let url: String

  init(_ url: String) {
    self.url = url
  }

  /// - Throws: `NoticeFailure` unless it is taken, or the client's error. Neither shows the address's
  ///   path, which is a secret with many services.
  func post(_ json: String) async throws {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/json")
    request.body = .bytes(ByteBuffer(string: json))
    let response = try await NoticeWebhook.client.execute(
      request, timeout: .nanoseconds(Int64(BreakGlassNotifier.patience / .nanoseconds(1))))
    guard (200..<300).contains(response.status.code) else {
      throw NoticeFailure(description: "HTTP status \(response.status.code)")
    }
  }
}
