import BudgetLedger
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

/// A ledger that is replaced while nodes are at work on it: not by a session of the old one is anything
/// written into the new one.
@Suite struct ReplacedLedgerTests {
  @Test func `nothing is written into a ledger that was made anew`() async throws {
    try await TestDatabase.withLedger { database in
      try await withNode(of: database) { node in
        _ = try await database.runner().down(to: 0, destroyingAuditData: true)
        _ = try await database.runner().up()
        try await expectUnavailable("this node has worked on", node)
        #expect(try await database.count("SELECT count(*) FROM trust_budget.audit_entries") == 0)
        #expect(try await database.count("SELECT count(*) FROM trust_budget.budgets") == 0)
      }
      // Whoever begins now takes it as it is.
      try await database.charge(times: 2)
      try await database.expectSoundLedger()
    }
  }

  @Test func `nothing is charged after a restore over a ledger, until the new epoch`() async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withDumpFile { dump in
        try await withNode(of: database) { node in
          try await database.dump(to: dump)
          let entries = try await database.count("SELECT count(*) FROM trust_budget.audit_entries")
          let charge = try Operation.charging("user:a", requestID: "after-the-dump")
          #expect(try await node.perform(charge).isCharged)
          try await database.restore(from: dump)
          guard case .unavailable(let reason) = await node.outcome(of: charge).error else {
            Issue.record("it was charged again")
            return
          }
          #expect(reason.contains("restored from a dump"))
          try await expectUnavailable("restored from a dump", node)
          #expect(
            try await database.count("SELECT count(*) FROM trust_budget.audit_entries") == entries)
          _ = try await NewEpoch(
            connectionString: database.connectionString, reason: "a test"
          ).begin()
          #expect(try await node.perform(charge).isCharged)
        }
      }
      try await database.expectSoundLedger()
    }
  }

  @Test(arguments: [false, true])
  func `no emergency is written into a ledger that was restored, until the new epoch`(
    isDirect: Bool
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.withDumpFile { dump in
        let trail = try BreakGlassTrail(
          connectionString: database.connectionString, settings: LedgerSettings(node: "node-1"))
        let journal = "00000000-0000-4000-8000-000000000001"
        var chain = BreakGlassChain(journalID: journal)
        let moment = Timestamp(microseconds: 1_800_000_000_000_000)
        let first = chain.append(try .emergency("first"), node: "node-1", at: moment)
        let second = chain.append(try .emergency("second"), node: "node-1", at: moment)
        func recordSecond() async throws {
          if isDirect {
            _ = try await trail.record(
              [(try .emergency("second"), moment)], in: journal, node: "node-1")
          } else {
            try await trail.append([second])
          }
        }
        try await trail.append([first])
        try await database.dump(to: dump)
        try await database.restore(from: dump)
        await #expect(throws: SchemaProblem.restored(otherServer: false)) {
          try await recordSecond()
        }
        await #expect(throws: SchemaProblem.restored(otherServer: false)) {
          try await trail.head(of: journal)
        }
        _ = try await NewEpoch(
          connectionString: database.connectionString, reason: "a test"
        ).begin()
        try await recordSecond()
        let epochs = try await database.query(
          "SELECT epoch FROM trust_budget.break_glass_events ORDER BY node_seq")
        #expect(epochs == [["1"], ["2"]])
        await trail.close()
      }
    }
  }

  @Test(arguments: [
    ("DROP SCHEMA trust_budget CASCADE", "has no schema trust_budget yet"),
    ("ALTER TABLE trust_budget.audit_entries RENAME TO elsewhere", "schema is missing or old"),
    ("ALTER TABLE trust_budget.budgets RENAME COLUMN spent TO elsewhere", "does not exist"),
  ])
  func `a node that finds something of the schema gone says so, and asks to be asked again`(
    change: String, reason: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await withNode(of: database) { node in
        try await database.execute(change)
        try await expectUnavailable(reason, node)
      }
    }
  }

  @Test func `a ledger whose row was written anew, and that is the same, is charged as before`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await withNode(of: database) { node in
        _ = try await database.runner().down(to: 2)
        _ = try await database.runner().up()
        try await everyLane { try await node.charge($0) }
      }
      try await database.expectSoundLedger()
    }
  }

  /// Lends a node all of whose lanes are at work.
  private func withNode(
    of database: TestDatabase, _ body: (BudgetLedger) async throws -> Void
  ) async throws {
    try await database.withNodes(1) {
      $0.patience = .seconds(2)
    } _: { nodes in
      try await everyLane { try await nodes[0].charge($0) }
      #expect(!nodes[0].laneSessions.contains(false))
      try await body(nodes[0])
    }
  }

  /// Expects every lane to refuse.
  private func expectUnavailable(
    _ words: String, _ node: BudgetLedger, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await everyLane { budget in
      let outcome = await node.outcome(of: try .charging(budget))
      guard case .unavailable(let reason) = outcome.error else {
        Issue.record("\(outcome)", sourceLocation: sourceLocation)
        return
      }
      #expect(reason.contains(words), "\(reason)", sourceLocation: sourceLocation)
    }
  }

  private func everyLane(
    _ body: @escaping @Sendable (_ budget: String) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup { group in
      for number in 0..<16 { group.addTask { try await body("user:\(number)") } }
      try await group.waitForAll()
    }
  }
}
