import LibPQ
import PrivatePostgres
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// The primary is lost with entries that its asynchronous standby never had.
@Suite struct LostEntriesTests {
  @Test func `a node that was answered what a promoted standby lacks refuses it until a new epoch`()
    async throws
  {
    try await ReplicatedCluster.with { cluster in
      let node = try cluster.database.node { $0.patience = .seconds(5) }
      let survivor = cluster.database(on: cluster.standby)
      try await withRunning([node]) {
        _ = try await node.perform(.charging("user:alice", requestID: "kept"))
        try await cluster.cutStandbyOff()
        _ = try await node.perform(.charging("user:bob", requestID: "lost"))
        cluster.primary.kill()
        try await survivor.query("SELECT pg_promote()")

        let refused = await node.outcome(of: try .charging("user:alice", requestID: "after"))
        guard case .unavailable(let reason) = refused.error else {
          Issue.record("\(refused)")
          return
        }
        #expect(reason.contains("entries were lost"))
        #expect(reason.contains("new-epoch"))

        _ = try await NewEpoch(
          connectionString: survivor.connectionString, reason: "the primary burnt down"
        ).begin()
        // What was lost can be charged again, under the same id.
        let isCharged = try await eventually {
          await node.outcome(of: try .charging("user:bob", requestID: "lost")).isCharged
        }
        #expect(isCharged)
      }
      let epochs = try await survivor.query(
        "SELECT epoch, request_id FROM trust_budget.audit_entries WHERE kind = 'charge' ORDER BY 1")
      #expect(epochs == [["1", "kept"], ["2", "lost"]])
      try await survivor.expectSoundLedger()
    }
  }

  /// As a primary that was replaced, and came back to life, is asked by a session that outlived it.
  @Test func `a server that lacks what was seen cannot say that there is no charge`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        let charge = try Operation.charging("user:alice", requestID: "known")
        _ = try await nodes[0].perform(charge)
        let reader = nodes[0].reader
        #expect(try await reader.charge(RequestID("none")) == nil)
        let ledger = try await reader.check()
        reader.witness.note(
          TrailHead(ledger: ledger, budgetID: "user:alice", sequence: 9, hash: .zero), lane: 7)
        #expect(try await reader.charge(RequestID("known")) != nil)
        let error = await #expect(throws: LedgerError.self) {
          try await reader.charge(RequestID("none"))
        }
        guard case .unavailable(let reason) = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(reason.contains("entries were lost"))
      }
    }
  }
}
