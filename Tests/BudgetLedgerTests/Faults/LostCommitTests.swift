import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// The connection is lost around a COMMIT: it may have happened, or not.
@Suite struct LostCommitTests {
  @Test(arguments: PostgresProxy.Fault.allCases)
  func `a charge whose COMMIT is lost is found or repeated, and taken once`(
    fault: PostgresProxy.Fault
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await PostgresProxy.with(database) { proxy in
        let node = try proxiedNode(database, proxy)
        try await withRunning([node]) {
          _ = try await node.perform(.charging("user:alice"))
          let before = proxy.commits
          proxy.inject(fault)
          let answer = try await node.perform(.charging("user:alice", requestID: "lost"))
          #expect(answer.receipt?.remaining == 98)
          // What the server had done before is only read again; else it is done anew. Either is committed.
          // And where one did not come back in time, it is found out first whether any does.
          #expect(proxy.commits - before == (fault == .silenceAfterCommit ? 3 : 2))
          // It was asked for once, whoever found it: nobody else has had an answer to it.
          #expect(answer.isCharged)
        }
      }
      #expect(try await database.entryCounts() == ["allocation": 1, "charge": 2])
      try await database.expectSoundLedger()
    }
  }

  @Test(arguments: [
    try TrustBudget.Operation.settling("charge", of: ["user:a"]),
    try .refunding("charge", of: ["user:a"]), try .adjusting("user:a", by: 5),
    try .resetting("user:a"),
  ])
  func `what is found after its COMMIT was lost is no repetition; asked for again, it is`(
    operation: TrustBudget.Operation
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await PostgresProxy.with(database) { proxy in
        let node = try proxiedNode(database, proxy)
        try await withRunning([node]) {
          _ = try await node.perform(.charging("user:a", requestID: "charge"))
          proxy.inject(.cutAfterCommit)
          let answer = try await node.perform(operation)
          #expect(answer == answer.asFirst && answer.rejection == nil)
          #expect(try await node.perform(operation).isRepeated)
        }
      }
      try await database.expectSoundLedger()
    }
  }

  @Test func `a whole batch of every kind is answered in spite of one lost COMMIT after another`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await PostgresProxy.with(database) { proxy in
        try await database.withNodes(1) { nodes in
          _ = try await nodes[0].perform(.charging("user:a", requestID: "settle"))
          _ = try await nodes[0].perform(.charging("user:a", requestID: "refund"))
        }
        let node = try proxiedNode(database, proxy)
        proxy.inject(.cutBeforeCommit, .cutBeforeCommit, .cutAfterCommit, .cutAfterCommit)
        let outcomes = try await node.performTogether(
          try [
            .settling("settle", of: ["user:a"]), .refunding("refund", of: ["user:a"]),
            .adjusting("user:a", by: 5), .resetting("user:a"),
          ] + (0..<20).map { try .charging("user:u\($0 % 4)") })
        let answers = try outcomes.map { try $0.get() }
        #expect(answers[0].record?.state == .settled)
        #expect(answers[1].record?.state == .refunded)
        #expect(answers[2].budget != nil && answers[3].budget != nil)
        let areCharged = answers[4...].allSatisfy(\.isCharged)
        #expect(areCharged)
      }
      #expect(
        try await database.entryCounts() == [
          "allocation": 5, "charge": 22, "settlement": 1, "refund": 1, "adjustment": 1, "reset": 1,
        ])
      try await database.expectSoundLedger()
    }
  }

  @Test(arguments: [PostgresProxy.Fault.cutBeforeCommit, .cutAfterCommit])
  func `when PostgreSQL stays away the outcome is unknown, and the same id tells it later`(
    fault: PostgresProxy.Fault
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await PostgresProxy.with(database) { proxy in
        let node = try proxiedNode(database, proxy) { $0.patience = .seconds(2) }
        try await withRunning([node]) {
          _ = try await node.perform(.charging("user:alice", requestID: "first"))
          proxy.inject(fault, thenRefuse: true)
          let lost = await node.outcome(of: try .charging("user:alice", requestID: "lost"))
          guard case .outcomeUnknown = lost.error else {
            Issue.record("\(lost)")
            return
          }
          // While it is away: nothing can have been taken, and the answer says so.
          let away = await node.outcome(of: try .charging("user:alice", requestID: "away"))
          guard case .unavailable = away.error else {
            Issue.record("\(away)")
            return
          }
          proxy.acceptConnections()
          let answer = try await node.perform(.charging("user:alice", requestID: "lost"))
          #expect(answer.isReplay == (fault == .cutAfterCommit))
          #expect(answer.receipt?.remaining == 98)
        }
      }
      #expect(try await database.entryCounts() == ["allocation": 1, "charge": 2])
      try await database.expectSoundLedger()
    }
  }

  @Test func `a node that stops in the middle of a transaction does not keep its locks`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:alice")
      try await PostgresProxy.with(database) { proxy in
        let stopped = try proxiedNode(database, proxy) {
          $0.idleInTransactionTimeout = .milliseconds(500)
          $0.statementTimeout = .seconds(30)
        }
        let other = try database.node("node-2")
        proxy.inject(.holdCommit)
        try await withRunning([stopped, other]) {
          async let held = stopped.perform(.charging("user:alice"))
          let isHeld = try await eventually {
            try await database.count(
              """
              SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND state = 'idle in transaction'
              """) == 1
          }
          #expect(isHeld)
          #expect(try await other.perform(.charging("user:alice")).isCharged)
          #expect(try await held.isCharged)
        }
      }
      try await database.expectSoundLedger()
    }
  }

  private func proxiedNode(
    _ database: TestDatabase, _ proxy: PostgresProxy,
    configure: (inout LedgerSettings) -> Void = { _ in }
  ) throws -> BudgetLedger {
    try database.node(through: proxy.connectionString) {
      $0.lanes = 1
      $0.statementTimeout = .milliseconds(500)
      $0.idleInTransactionTimeout = .milliseconds(500)
      configure(&$0)
    }
  }
}
