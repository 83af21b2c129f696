import AuditMirror
import BudgetLedger
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import TrustBudget

/// The HTTP face of one node.
package struct TrustBudgetServer: Service {
  private let application: any ApplicationProtocol

  /// - Parameters:
  ///   - mirror: the node's copy of the audit trail, for readiness.
  ///   - now: the wall clock, for what the policy says of hours.
  ///   - onListening: told the port once the socket is open; what a caller that asked for port 0
  ///     wants to know.
  package init(
    name: String, host: String, port: Int, ledger: BudgetLedger, policies: PolicyStore,
    mirror: MirrorHealth? = nil, now: @escaping @Sendable () -> Timestamp, logger: Logger,
    onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) {
    let node = Node(
      name: name, ledger: ledger, policies: policies, mirror: mirror, now: now)
    self.application = Application(
      router: TrustBudgetServer.router(of: node),
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port), serverName: "trust-budget"),
      onServerRunning: { channel in await onListening(channel.localAddress?.port ?? port) },
      logger: logger)
  }

  package func run() async throws {
    try await application.run()
  }

  private static func router(of node: Node) -> Router<BasicRequestContext> {
    let router = Router(
      context: BasicRequestContext.self, options: [.autoGenerateHeadEndpoints])
    router.add(middleware: ProblemMiddleware())
    router.add(middleware: BrowserMiddleware())
    let v1 = router.group("v1")
    AuthorizationRoutes(node: node).add(to: v1)
    ChargeRoutes(node: node).add(to: v1)
    BudgetRoutes(node: node).add(to: v1)
    StatusRoutes(node: node).add(to: router)
    refuseOtherMethods(router)
    return router
  }

  /// A path that exists answers every other method with those that it takes.
  private static func refuseOtherMethods(_ router: Router<BasicRequestContext>) {
    for (path, routes) in Dictionary(grouping: router.routes, by: \.path.description) {
      let taken = Set(routes.map(\.method))
      let others: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete]
      for method in others where !taken.contains(method) {
        router.on(RouterPath(path), method: method) { request, _ -> Response in
          var problem = Problem(
            .methodNotAllowed, "\(request.method) is not what \(request.uri.path) takes.")
          problem.allowedMethods = taken.map(\.rawValue).sorted()
          throw problem
        }
      }
    }
  }
}
