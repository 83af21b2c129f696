import Foundation
import NIOHTTP1
import Testing
import TrustBudgetTesting

/// `/metrics`: what a node counts, and that Prometheus takes it.
@Suite(.service())
struct MetricsTests {
  @Test func `charges, denials and problems are counted by rule and kind`() async throws {
    try await Service.with { service in
      let node = try service.node
      for number in 1...4 { _ = try await node.authorize("dev-a", ["request_id": "a\(number)"]) }
      _ = try await node.authorize("dev-a", ["request_id": "a1"])
      _ = try await node.authorize("free-a")
      _ = try await node.authorize("nobody")
      _ = try await node.post("/v1/charges", ["username": "x", "budget_id": "b", "cost": 7])
      let metrics = try await Metrics(of: node)
      #expect(metrics["trust_budget_charges_total{rule=\"Developer\"}"] == 3)
      #expect(metrics["trust_budget_points_charged_total{rule=\"Developer\"}"] == 3)
      #expect(metrics["trust_budget_denials_total{rule=\"Developer\"}"] == 1)
      #expect(metrics["trust_budget_replays_total"] == 1)
      #expect(metrics["trust_budget_allowed_without_budget_total{rule=\"Free\"}"] == 1)
      #expect(metrics["trust_budget_points_charged_total{rule=\"(explicit)\"}"] == 7)
      #expect(metrics["trust_budget_problems_total{problem=\"budget-exhausted\"}"] == 1)
      #expect(metrics["trust_budget_problems_total{problem=\"no-matching-rule\"}"] == 1)
      #expect(metrics["trust_budget_problems_total{problem=\"overloaded\"}"] == 0)
      let route = "{method=\"POST\",route=\"/v1/authorizations\"}"
      #expect(metrics["trust_budget_request_duration_seconds_count\(route)"] == 7)
      #expect(metrics["trust_budget_ledger_available"] == 1)
      #expect(metrics["trust_budget_queue_length"] == 0)
      #expect(metrics["trust_budget_break_glass_journal_up"] == 1)
      #expect(metrics["trust_budget_batch_size_sum"] == 6)
    }
  }

  @Test func `unknown paths and strange methods make no labels`() async throws {
    let node = try Service.current.node
    let before = try await Metrics(of: node)
    for number in 0..<20 {
      _ = try await node.get("/nothing/\(number)")
      _ = try await Reply.to(.DELETE, node.url + "/v1/budgets/user:\(number)")
    }
    let after = try await Metrics(of: node)
    let duration = "trust_budget_request_duration_seconds_count"
    #expect(
      after.names.count { $0.hasPrefix(duration) } == before.names.count { $0.hasPrefix(duration) })
    #expect(!after.names.contains { $0.contains("user:1") || $0.contains("nothing") })
    let other = "\(duration){method=\"other\",route=\"other\"}"
    #expect((after[other] ?? 0) - (before[other] ?? 0) >= 40)
  }

  @Test func `a reload of the policy shows, good or bad`() async throws {
    try await Service.with { service in
      let node = try service.node
      let before = try await Metrics(of: node)
      #expect(before["trust_budget_policy_reloads_total{result=\"success\"}"] == 1)
      try service.directory.write("policies: 7\n", to: Service.policyFile)
      try await wait(for: "the broken file to be counted") {
        let metrics = try await Metrics(of: node)
        return metrics["trust_budget_policy_file_rejected"] == 1
          && metrics["trust_budget_policy_reloads_total{result=\"failure\"}"] == 1
      }
      try service.directory.write(SamplePolicy.text + "\n# changed\n", to: Service.policyFile)
      try await wait(for: "the new file to be counted") {
        let metrics = try await Metrics(of: node)
        return metrics["trust_budget_policy_file_rejected"] == 0
          && metrics["trust_budget_policy_reloads_total{result=\"success\"}"] == 2
          && metrics.names.filter { $0.hasPrefix("trust_budget_policy_info") }
            != before.names.filter { $0.hasPrefix("trust_budget_policy_info") }
      }
    }
  }

  @Test(.enabled(if: Tool.isThere("promtool"), "promtool is in Debian's package prometheus"))
  func `promtool has nothing to say against it`() async throws {
    let node = try Service.current.node
    _ = try await node.authorize("dev-promtool")
    let reply = try await node.get("/metrics")
    #expect(reply.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
    #expect(!String(decoding: reply.body, as: UTF8.self).contains("Not described."))
    let file = try Service.current.directory.file("metrics")
    try reply.body.write(to: URL(filePath: file))
    let said = try await tool("sh", "-c", "promtool check metrics <\"$1\" 2>&1", "sh", file)
    #expect(said == "")
  }
}

/// One reading of `/metrics`.
struct Metrics {
  private var values: [String: Double] = [:]

  init(of node: some Reachable) async throws {
    let reply = try await node.get("/metrics")
    guard reply.status == 200 else { throw TestFailure("/metrics answers \(reply.status)") }
    for line in String(decoding: reply.body, as: UTF8.self).split(separator: "\n")
    where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " ") else { continue }
      values[String(line[..<space])] = Double(line[line.index(after: space)...])
    }
  }

  /// By name and labels, as they stand in the text.
  subscript(name: String) -> Double? { values[name] }

  var names: Set<String> { Set(values.keys) }
}
