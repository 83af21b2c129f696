import AuditMirror
import BudgetLedger
import Hummingbird
import PolicyFile
import TrustBudget

/// What a node says of itself: `/healthz`, `/readyz`, `/v1/policy`.
struct StatusRoutes {
  private let node: Node
  /// Anybody may ask, as often as he likes, and whoever charges needs the same connections.
  private let readiness: SharedAnswer<Readiness>

  init(node: Node) {
    self.node = node
    readiness = SharedAnswer(for: .milliseconds(250)) { await Readiness(of: node) }
  }

  func add(to router: RouterGroup<NodeContext>) {
    router.get("healthz") { _, _ in
      var body = JSONObjectText()
      body.put("status", node.departure.isUnderWay ? "leaving" : "alive")
      body.put("node", node.name)
      body.put("version", ProductVersion.current)
      return Response(
        json: body, status: node.departure.isUnderWay ? .serviceUnavailable : .ok)
    }
    router.get("readyz") { _, _ in ready(try await readiness.get()) }
    router.get("v1/policy") { _, _ in Response(json: policy()) }
  }

  /// Ready is who can charge. Requests without a budget are answered all the same.
  private func ready(_ readiness: Readiness) -> Response {
    var body = JSONObjectText()
    let isLeaving = node.departure.isUnderWay
    let isReady = readiness.hasDatabase && !isLeaving
    body.put("status", isLeaving ? "leaving" : isReady ? "ready" : "not ready")
    body.put("node", node.name)
    body.put("database", readiness.database)
    body.put("queue_length", Int64(node.ledger.queueLength))
    // For whoever watches; charging does not depend on it.
    body.put("audit_mirror", JSONObjectText(node.mirror.current))
    body.put("break_glass", readiness.breakGlass)
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
