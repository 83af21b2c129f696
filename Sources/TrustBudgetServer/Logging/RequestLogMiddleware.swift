import HTTPTypes
import Hummingbird
import Logging

/// Logs each request at level debug, and a failure of the node's own as an error; with the trace that
/// it belongs to. Never a body, never a header besides that.
struct RequestLogMiddleware: RouterMiddleware {
  private static let traceparent = HTTPField.Name("traceparent")

  func handle(
    _ request: Request, context: NodeContext,
    next: (Request, NodeContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    let trace = RequestLogMiddleware.traceparent
      .flatMap { request.headers[$0] }.flatMap(TraceContext.init(traceparent:))
    if let trace {
      context.logger[metadataKey: "trace_id"] = "\(trace.traceID)"
      context.logger[metadataKey: "span_id"] = "\(trace.spanID)"
    }
    var response = try await next(request, context)
    if let trace, let name = RequestLogMiddleware.traceparent {
      response.headers[name] = trace.traceparent
    }
    let level: Logger.Level = response.status == .internalServerError ? .error : .debug
    context.logger.log(
      level: level, "request answered",
      metadata: [
        "method": "\(request.method)", "route": "\(context.endpointPath ?? "none")",
        "status": "\(response.status.code)",
      ])
    return response
  }
}
