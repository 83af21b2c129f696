import CoreMetrics
import Hummingbird

/// Measures how long requests take, by route.
///
/// Around the router and not within it: only a router that is complete says which routes there are.
struct MeasuredResponder: HTTPResponder {
  private let responder: any HTTPResponder<NodeContext>
  private let timers: [Route: Timer]
  /// For what is not in the contract: unknown paths must not make labels.
  private let otherTimer: Timer

  init(
    _ responder: any HTTPResponder<NodeContext>, routes: [Route], metrics: any MetricsFactory
  ) {
    func timer(_ method: String, _ path: String) -> Timer {
      Timer(
        label: "trust_budget_request_duration_seconds",
        dimensions: [("method", method), ("route", path)], factory: metrics)
    }
    self.responder = responder
    timers = Dictionary(
      uniqueKeysWithValues: routes.map { ($0, timer($0.method.rawValue, $0.path)) })
    otherTimer = timer("other", "other")
  }

  func respond(to request: Request, context: NodeContext) async throws -> Response {
    let start = ContinuousClock.now
    defer {
      let path = context.endpointPath
      let timer = path.flatMap { timers[Route(method: request.method, path: $0)] } ?? otherTimer
      let (seconds, attoseconds) = (ContinuousClock.now - start).components
      timer.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
    return try await responder.respond(to: request, context: context)
  }
}
