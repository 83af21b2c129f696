import BudgetLedger
import HTTPTypes
import Hummingbird
import Logging
import TrustBudget

/// Turns whatever a route throws into a problem; nobody sees a raw error.
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let problem as Problem {
      return try problem.response(from: request, context: context)
    } catch let error as LedgerError {
      return try Problem(error).response(from: request, context: context)
    } catch let error as any HTTPResponseError {
      return try problem(for: error.status, request).response(from: request, context: context)
    } catch {
      context.logger.error("request failed", metadata: ["error": "\(error)"])
      return try Problem(.internalError, "The request failed for a reason of this service's own.")
        .response(from: request, context: context)
    }
  }

  private func problem(for status: HTTPResponse.Status, _ request: Request) -> Problem {
    switch status {
    case .notFound:
      Problem(.notFound, "There is nothing at \(request.method) \(request.uri.path).")
    case .contentTooLarge:
      Problem(.payloadTooLarge, "The request's body is too large.")
    default:
      Problem(.invalidRequest, "The request cannot be understood: \(status.reasonPhrase).")
    }
  }
}
