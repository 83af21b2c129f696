import AuditMirror
import BudgetLedger
import PolicyFile
import PrometheusExposition
import TrustBudget

extension Node {
  /// Adds what is looked up only when somebody asks for the metrics.
  func addState(to registry: PrometheusRegistry) {
    ProcessFigures.add(to: registry)
    registry.addInfo("trust_budget_build_info") {
      [("version", ProductVersion.current), ("node", name)]
    }
    addLedger(to: registry)
    addPolicy(to: registry)
    addMirror(to: registry)
  }

  private func addLedger(to registry: PrometheusRegistry) {
    registry.addGauge("trust_budget_ledger_available") {
      if case .available = ledger.health.current { 1 } else { 0 }
    }
    registry.addGauge("trust_budget_queue_length") { Double(ledger.queueLength) }
    registry.addGauge("trust_budget_queue_capacity") { Double(ledger.queueCapacity) }
    for lane in ledger.laneSessions.indices {
      registry.addGauge("trust_budget_lane_connected", [("lane", String(lane))]) {
        ledger.laneSessions[lane] ? 1 : 0
      }
    }
    registry.addGauge("trust_budget_pool_connections_in_use") {
      Double(ledger.reader.connectionsInUse)
    }
    registry.addGauge("trust_budget_pool_connections_limit") {
      Double(ledger.reader.connectionLimit)
    }
  }

  private func addMirror(to registry: PrometheusRegistry) {
    let labels = [("node", name)]
    // A mirror that is stuck says nothing itself, and its lag grows all the same.
    registry.addGauge("trust_budget_mirror_lag_seconds", labels) {
      mirror.current.lag / .seconds(1)
    }
    registry.addGauge("trust_budget_mirror_up", labels) { mirror.current.state.isUp ? 1 : 0 }
  }

  private func addPolicy(to registry: PrometheusRegistry) {
    registry.addInfo("trust_budget_policy_info") {
      [("digest", policies.current.policy.digest.hexadecimal)]
    }
    registry.addGauge("trust_budget_policy_loaded_timestamp_seconds") {
      policies.current.loadedAt.secondsSince1970
    }
    registry.addGauge("trust_budget_policy_file_rejected") {
      policies.current.rejected == nil ? 0 : 1
    }
    registry.addCounter("trust_budget_policy_reloads_total", [("result", "success")]) {
      Double(policies.loads)
    }
    registry.addCounter("trust_budget_policy_reloads_total", [("result", "failure")]) {
      Double(policies.failures)
    }
  }
}
