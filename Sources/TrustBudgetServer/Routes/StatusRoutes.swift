import AuditMirror
import BudgetLedger
import Hummingbird
import PolicyFile
import TrustBudget

/// What a node says of itself: `/healthz`, `/readyz`, `/v1/policy`.
struct StatusRoutes {
  let node: Node

  func add(to router: RouterGroup<NodeContext>) {
    router.get("healthz") { _, _ in
      var body = JSONObjectText()
      body.put("status", node.departure.isUnderWay ? "leaving" : "alive")
      body.put("node", node.name)
      body.put("version", ProductVersion.current)
      return Response(
        json: body, status: node.departure.isUnderWay ? .serviceUnavailable : .ok)
    }
    router.get("readyz") { _, _ in await readiness() }
    router.get("v1/policy") { _, _ in Response(json: policy()) }
  }

  /// Ready is who can charge. Requests without a budget are answered all the same.
  private func readiness() async -> Response {
    var body = JSONObjectText()
    var database = JSONObjectText()
    let hasDatabase: Bool
    do {
      let ledger = try await node.ledger.check()
      hasDatabase = true
      database.put("status", "ok")
      database.put("ledger", ledger.id)
      database.put("epoch", ledger.epoch)
    } catch {
      hasDatabase = false
      database.put("status", "unavailable")
      database.put("problem", LedgerHealth.reason(error))
    }
    let isLeaving = node.departure.isUnderWay
    let isReady = hasDatabase && !isLeaving
    body.put("status", isLeaving ? "leaving" : isReady ? "ready" : "not ready")
    body.put("node", node.name)
    body.put("database", database)
    body.put("queue_length", Int64(node.ledger.queueLength))
    // For whoever watches; charging does not depend on it.
    if let mirror = node.mirror { body.put("audit_mirror", JSONObjectText(mirror.current)) }
    body.put("break_glass", await node.breakGlassReadiness(hasDatabase: hasDatabase))
    return Response(json: body, status: isReady ? .ok : .serviceUnavailable)
  }

  private func policy() -> JSONObjectText {
    let loaded = node.policies.current
    var body = JSONObjectText()
    body.put("digest", loaded.policy.digest.hexadecimal)
    body.put("loaded_at", loaded.loadedAt)
    body.put(
      "rules",
      loaded.policy.rules.map { rule in
        var object = JSONObjectText()
        object.put("name", rule.name)
        object.put("principals", rule.limits.principals)
        object.put("max_duration", rule.limits.maxDuration.description)
        object.put("budgets", Int64(rule.budgets.count))
        return object
      })
    body.put("has_default", loaded.policy.defaultRule != nil)
    body.put("has_break_glass", loaded.policy.breakGlass != nil)
    if let rejected = loaded.rejected { body.put("rejected_file", rejected) }
    return body
  }
}
