import BudgetLedger
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import TrustBudget

/// Turns whatever a route throws into a problem; nobody sees a raw error.
struct ProblemMiddleware: RouterMiddleware {
  let metrics: NodeMetrics

  func handle(
    _ request: Request, context: NodeContext,
    next: (Request, NodeContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error
      where error is HTTPParserError || error is IOError || error is NIOSSLError
      || error is BoringSSLError
    {
      // The connection's end, within the request, and for its own handler to answer.
      throw error
    } catch {
      let problem = problem(for: error, request, context)
      metrics.answered(with: problem.kind)
      return try problem.response(from: request, context: context)
    }
  }

  private func problem(for error: any Error, _ request: Request, _ context: NodeContext) -> Problem
  {
    switch error {
    case let problem as Problem: return problem
    // What is more than a read goes through the node, which has said what it means.
    case let error as LedgerError: return Problem(error, to: .read)
    case let problem as SchemaProblem:
      return Problem(LedgerError.unavailable(reason: problem.ledgerReason), to: .read)
    case let error as any HTTPResponseError: return problem(for: error.status, request)
    default:
      context.logger.error("request failed", metadata: ["error": "\(error)"])
      return .ofThisService
    }
  }

  private func problem(for status: HTTPResponse.Status, _ request: Request) -> Problem {
    switch status {
    case .notFound:
      // The router's answer to a wrong method as well.
      Problem(nothingAt: request.uri.path)
    case .contentTooLarge:
      Problem(.payloadTooLarge, "The request's body is too large.")
    default:
      Problem(.invalidRequest, "The request cannot be understood: \(status.reasonPhrase).")
    }
  }
}

extension Problem {
  fileprivate init(nothingAt path: String) {
    let methods = Access.methods(at: path).map(\.rawValue).sorted()
    guard methods.isEmpty else {
      // Without the method that came: NIO calls M-SEARCH something else.
      self.init(
        .methodNotAllowed,
        "\(path) does not take this method. Send \(methods.joined(separator: " or ")).")
      allowedMethods = methods
      return
    }
    self.init(
      .notFound, "There is nothing at \(path). Check the path; /openapi.yaml tells what there is.")
  }
}
