import HTTPTypes
import TrustBudget

/// Who may call a route.
enum Access {
  /// Everybody, without proving anything.
  case open
  /// Who has one of these roles, and an admin.
  case roles(Set<Role>)

  private static func only(_ roles: Role...) -> Access { .roles(Set(roles + [.admin])) }

  private static func get(_ path: String) -> Route { Route(method: .get, path: path) }
  private static func post(_ path: String) -> Route { Route(method: .post, path: path) }

  /// Emergencies: who has proved once who he is, is known whatever became of PostgreSQL.
  static let breakGlass = post("/v1/break-glass")

  /// Roles of which one is needed for it.
  static var ofBreakGlass: Set<Role> {
    if case .roles(let roles)? = table[breakGlass] { roles } else { [] }
  }

  /// Every route. One that does not stand here is answered by a refusal, whoever calls.
  static let table: [Route: Access] = [
    post("/v1/authorizations"): only(.issuer),
    breakGlass: only(.issuer),
    get("/v1/break-glass"): only(.auditor),

    post("/v1/charges"): only(.charger),
    post("/v1/charges/batch"): only(.charger),
    // Who charges may see what became of it, to go on after a crash of its own.
    get("/v1/charges/{request_id}"): only(.issuer, .charger, .auditor),
    post("/v1/charges/{request_id}/settlement"): only(.issuer, .charger),
    // Of what is settled: an admin alone.
    post("/v1/charges/{request_id}/refund"): only(.issuer, .charger),

    get("/v1/budgets"): only(.auditor),
    get("/v1/budgets/{budget_id}"): only(.auditor),
    get("/v1/budgets/{budget_id}/entries"): only(.auditor),
    post("/v1/budgets/{budget_id}/adjustments"): only(),
    post("/v1/budgets/{budget_id}/resets"): only(),

    get("/v1/policy"): only(.auditor),

    // Load balancers, systemd and Prometheus ask these, which hold no secrets of ours; they tell how
    // the node is, and never of which callers, users or budgets. The one name that may be there is of
    // a database session that holds the audit file back: its role and application. The contract is
    // public anyway.
    get("/healthz"): .open,
    get("/readyz"): .open,
    get("/metrics"): .open,
    get("/openapi.yaml"): .open,
  ]

  /// The methods that a path takes; none where there is nothing. HEAD is answered by the route of GET.
  static func methods(at path: String) -> [HTTPRequest.Method] {
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    let routes = table.keys.filter { $0.matches(segments) }
    // As the router has it: /v1/charges/batch is not the charge `batch`.
    let own = routes.filter { !$0.path.contains("{") }
    return (own.isEmpty ? routes : own).flatMap {
      $0.method == .get ? [.get, .head] : [$0.method]
    }
  }
}

extension Route {
  fileprivate func matches(_ segments: [Substring]) -> Bool {
    let own = path.split(separator: "/", omittingEmptySubsequences: false)
    return own.count == segments.count
      && zip(own, segments).allSatisfy { $0.hasPrefix("{") ? !$1.isEmpty : $0 == $1 }
  }
}
