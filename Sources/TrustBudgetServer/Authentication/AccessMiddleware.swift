import HTTPTypes
import Hummingbird
import TrustBudget

/// Lets a request through to its route if its caller may call that.
struct AccessMiddleware: RouterMiddleware {
  let authenticator: any Authenticator

  func handle(
    _ request: Request, context: NodeContext,
    next: (Request, NodeContext) async throws -> Response
  ) async throws -> Response {
    // The router passes over empty parts; a proxy's rule for what may be asked does not.
    guard !request.uri.path.hasEmptyPart else { throw HTTPError(.notFound) }
    // HEAD is answered by the route of GET.
    let method = request.method == .head ? .get : request.method
    guard let path = context.endpointPath,
      let access = Access.table[Route(method: method, path: path)]
    else {
      throw Problem(.forbidden, "Nobody may call this: it is not said which role would do.")
    }
    guard case .roles(let roles) = access else { return try await next(request, context) }
    var context = context
    context.caller = try await authenticator.caller(of: request, context)
    guard !context.caller.roles.isDisjoint(with: roles) else {
      throw Problem(forbiddenTo: context.caller, roles)
    }
    return try await next(request, context)
  }
}

extension String {
  /// Whether a path is not written as routes are: `//healthz`, `/v1/budgets/`.
  fileprivate var hasEmptyPart: Bool { contains("//") || (hasSuffix("/") && self != "/") }
}

extension Problem {
  /// - Parameter roles: those of which one would do.
  fileprivate init(forbiddenTo caller: Caller, _ roles: Set<Role>) {
    let names = Role.allCases.filter(roles.contains).map(\.rawValue)
    self.init(
      .forbidden,
      "\(caller.name ?? "The caller") has not the role that this needs: "
        + "\(names.joined(separator: " or ")).")
    members.put("roles", names)
  }
}
