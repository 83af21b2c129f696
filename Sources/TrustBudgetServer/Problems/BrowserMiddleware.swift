import HTTPTypes
import Hummingbird

/// Refuses what a web page sends.
///
/// A node on a loopback address is within reach of every page that the machine's user looks at, and
/// a page may post text anywhere. Browsers name the page's origin; CAs and tools send none.
struct BrowserMiddleware: RouterMiddleware {
  func handle(
    _ request: Request, context: NodeContext,
    next: (Request, NodeContext) async throws -> Response
  ) async throws -> Response {
    guard request.headers[.origin] == nil || request.method == .get else {
      throw Problem(.forbidden, "Requests from web pages are not taken (Origin header).")
    }
    return try await next(request, context)
  }
}
