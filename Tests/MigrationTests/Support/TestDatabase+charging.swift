import BudgetLedger
import TrustBudget
import TrustBudgetTesting

extension TestDatabase {
  /// Charges a budget, as a node of its own would.
  func charge(_ budget: String = "user:alice", times: Int = 1) async throws {
    try await withNodes(1) { nodes in
      for _ in 0..<times { try await nodes[0].charge(budget) }
    }
  }

  /// Records an emergency, as a node does whose journal fails.
  func recordEmergency(_ id: String) async throws {
    let trail = try BreakGlassTrail(
      connectionString: connectionString, settings: LedgerSettings(node: "node-1"))
    let moment = Timestamp(microseconds: 1_800_000_000_000_000)
    let journal = "00000000-0000-4000-8000-000000000001"
    _ = try await trail.record([(try .emergency(id), moment)], in: journal, node: "node-1")
    await trail.close()
  }
}

extension BudgetLedger {
  /// Charges a budget of plenty.
  ///
  /// - Throws: `TestFailure` when it is not charged.
  func charge(_ budget: String = "user:alice") async throws {
    let answer = try await perform(.charge(try .of(budget, initialBalance: 1_000_000)))
    guard answer.isCharged else { throw TestFailure("\(answer)") }
  }
}

extension BreakGlassIssuance {
  /// A request for an emergency certificate.
  static func emergency(_ id: String) throws -> BreakGlassIssuance {
    BreakGlassIssuance(
      requestID: try RequestID(id), content: RequestContent([id]), username: try Username("alice"),
      reason: "fire", ticket: nil, approvers: [], principals: ["root"], maxDuration: "60s",
      maxDurationSeconds: 60, requestedDurationSeconds: nil, policyDigest: .zero, actor: nil)
  }
}
