import AuditMirror
import BudgetLedger
import PrivatePostgres
import Testing
import TrustBudget
import TrustBudgetTesting

/// A primary that has more than its synchronous standby.
@Suite struct StandbyTests {
  @Test func `what no standby has confirmed is not in the file, and comes once it cannot be lost`()
    async throws
  {
    try await ReplicatedCluster.with { cluster in
      let primary = cluster.database(on: cluster.primary)
      let directory = try TemporaryDirectory()
      defer { directory.remove() }
      let path = directory.file("audit.db")
      let node = try primary.node("node-1") { $0.patience = .seconds(3) }
      try await withRunning([node]) {
        _ = try await node.perform(.charging("user:a"))
        try await primary.withMirror(at: path) { mirror in
          try await primary.expectMirrored(in: path)
          await cluster.standby.stop()
          async let unknown = node.outcome(of: try .charging("user:a"))
          // Whoever ends the wait makes the charge seen by all.
          try await expectSoon {
            try await primary.query(
              """
              SELECT pg_cancel_backend(pid) FROM pg_stat_activity
              WHERE wait_event = 'SyncRep' AND application_name = 'trust-budget node-1'
              """) == [["t"]]
          }
          try await expectSoon {
            try await primary.count("SELECT count(*) FROM trust_budget.audit_entries") == 3
          }
          try await expectSoon {
            mirror.health.current.state.problem?.contains("did not confirm") == true
          }
          #expect(MirrorFile(path: path).entries == 2)
          _ = try await unknown
          try await cluster.requireNobody()
          try await primary.expectMirrored(in: path)
        }
      }
    }
  }

  @Test func `an epoch that no standby has is not in the file either`() async throws {
    try await ReplicatedCluster.with { cluster in
      let primary = cluster.database(on: cluster.primary)
      let directory = try TemporaryDirectory()
      defer { directory.remove() }
      let file = MirrorFile(path: directory.file("audit.db"))
      try await primary.withMirror(at: file.path) { mirror in
        try await expectSoon { mirror.health.current.state == .following }
        await cluster.standby.stop()
        try await primary.withConnection { session in
          try await session.execute("SET synchronous_commit = local")
          try await session.execute("SELECT trust_budget.begin_epoch('no standby')")
        }
        try await expectSoon {
          mirror.health.current.state.problem?.contains("did not confirm") == true
        }
        #expect(try file.query("SELECT epoch FROM meta") == [["1"]])
        try await cluster.requireNobody()
        try await expectSoon { try file.query("SELECT epoch FROM meta") == [["2"]] }
      }
    }
  }
}
