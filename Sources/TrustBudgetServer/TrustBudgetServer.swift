import AuditMirror
import BreakGlass
import BudgetLedger
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import PrometheusExposition
import ServiceLifecycle
import TrustBudget

/// The HTTP face of one node.
package struct TrustBudgetServer: Service {
  /// One for each address.
  private let applications: [any Service]
  private let logger: Logger
  /// What there is to ask for.
  package let routes: [Route]

  /// - Parameters:
  ///   - authenticator: finds out who calls.
  ///   - mirror: the node's copy of the audit trail, for readiness.
  ///   - metrics: where this node's figures are kept, and what `/metrics` writes down.
  ///   - departure: says when the node was told to end; a service of its own.
  ///   - now: the wall clock, for what the policy says of hours.
  ///   - onListening: told each address once its socket is open, with the port that it got.
  package init(
    name: String, entrance: Entrance, ledger: BudgetLedger, policies: PolicyStore,
    authenticator: any Authenticator, mirror: MirrorHealth, breakGlass: BreakGlass,
    metrics registry: PrometheusRegistry, departure: Departure,
    now: @escaping @Sendable () -> Timestamp, logger: Logger,
    onListening: @escaping @Sendable (Entrance.Address) async -> Void = { _ in }
  ) {
    let node = Node(
      name: name, ledger: ledger, policies: policies, breakGlass: breakGlass,
      metrics: NodeMetrics(registry), departure: departure, mirror: mirror, now: now)
    node.addState(to: registry)
    let router = TrustBudgetServer.router(of: node, authenticator, registry)
    self.routes = router.routes.map { Route(method: $0.method, path: $0.path.description) }
    let count = ConnectionCount(limit: entrance.limits.connections, metrics: node.metrics)
    count.add(to: registry)
    entrance.tls?.add(to: registry)
    let responder = MeasuredResponder(router.buildResponder(), routes: routes, metrics: registry)
    self.logger = logger
    self.applications = entrance.addresses.map {
      NodeApplication(
        address: $0, entrance: entrance, count: count, responder: responder, logger: logger,
        onListening: onListening)
    }
  }

  /// Answers at all addresses, until the service is told to stop; then they close together. One that ends
  /// before, because its address cannot be had say, takes the others with it.
  package func run() async throws {
    // Each a group of its own: one group would end its services in turn, each when the one before has. And
    // Hummingbird's applications heed nothing but a group.
    let groups = applications.map {
      ServiceGroup(
        configuration: ServiceGroupConfiguration(
          services: [
            .init(
              service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
              failureTerminationBehavior: .gracefullyShutdownGroup)
          ], logger: logger))
    }
    try await withThrowingTaskGroup { tasks in
      for group in groups { tasks.addTask { try await group.run() } }
      var failure: (any Error)?
      while let end = await tasks.nextResult() {
        if case .failure(let error) = end { failure = failure ?? error }
        for group in groups { await group.triggerGracefulShutdown() }
      }
      if let failure { throw failure }
    }
  }

  private static func router(
    of node: Node, _ authenticator: any Authenticator, _ registry: PrometheusRegistry
  ) -> Router<NodeContext> {
    let router = Router(
      context: NodeContext.self, options: [.autoGenerateHeadEndpoints])
    router.add(middleware: RequestLogMiddleware())
    router.add(middleware: ProblemMiddleware(metrics: node.metrics))
    router.add(middleware: BrowserMiddleware())
    let guarded = router.group().add(middleware: AccessMiddleware(authenticator: authenticator))
    let v1 = guarded.group("v1")
    AuthorizationRoutes(node: node).add(to: v1)
    ChargeRoutes(node: node).add(to: v1)
    BudgetRoutes(node: node).add(to: v1)
    BreakGlassRoutes(node: node).add(to: v1)
    StatusRoutes(node: node).add(to: guarded)
    ContractRoutes().add(to: guarded)
    MetricsRoutes(registry: registry).add(to: guarded)
    return router
  }
}
