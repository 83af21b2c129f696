import Foundation
import LibPQ
import PrivatePostgres
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// The primary is lost under load, and its synchronous standby takes over.
@Suite struct FailoverTests {
  @Test func `nothing that was answered is lost when a standby takes over, and the nodes go on`()
    async throws
  {
    try await ReplicatedCluster.with { cluster in
      let answered = Counter()
      let receipts = try await cluster.database.withNodes(2) { nodes in
        async let charges = concurrently(32) { caller in
          try await (0..<40).asyncMap { number in
            let operation = try TrustBudget.Operation.charging(
              "user:u\(number % 9)", initialBalance: 1_000_000,
              requestID: "\(caller)-\(number)")
            var outcome = await nodes[(caller + number) % 2].outcome(of: operation)
            while outcome.error != nil {
              outcome = await nodes[(caller + number) % 2].outcome(of: operation)
            }
            answered.increment()
            return try outcome.get().receipt
          }
        }
        #expect(try await eventually { answered.value > 300 })
        cluster.primary.kill()
        _ = try await cluster.database(on: cluster.standby).query("SELECT pg_promote()")
        return try await charges.flatMap { $0 }
      }
      let survivor = cluster.database(on: cluster.standby)
      #expect(receipts.count == 1_280)
      let written = try await survivor.query(
        "SELECT budget_id, budget_seq FROM trust_budget.audit_entries WHERE kind = 'charge'")
      #expect(
        Set(written.map { "\($0[0] ?? "") \($0[1] ?? "")" })
          == Set(receipts.map { "\($0?.budgetID.value ?? "") \($0?.sequence ?? 0)" }))
      #expect(written.count == 1_280)
      try await survivor.expectSoundLedger()
    }
  }

  @Test
  func `a node that has only looked on goes on when the one that charged is lost with the primary`()
    async throws
  {
    try await ReplicatedCluster.with { cluster in
      let survivor = cluster.database(on: cluster.standby)
      try await cluster.database.withNodes(1) { nodes in
        // It began when there was nothing to see yet.
        _ = try await nodes[0].reader.check()
        try await cluster.database.withNodes(1) { (others) async throws in
          _ = try await others[0].perform(.charging("user:a"))
        }
        _ = try await nodes[0].reader.check()
        cluster.primary.kill()
        try await survivor.query("SELECT pg_promote()")
        let isCharged = try await eventually(within: .seconds(30)) {
          await nodes[0].outcome(of: try .charging("user:a")).isCharged
        }
        #expect(isCharged)
      }
      try await survivor.expectSoundLedger()
    }
  }

  @Test func `while the standby is away an outcome is unknown, not a refusal, and is found later`()
    async throws
  {
    try await ReplicatedCluster.with { cluster in
      let primary = cluster.database(on: cluster.primary)
      let node = try primary.node {
        $0.lanes = 1
        $0.lockTimeout = .milliseconds(200)
        $0.statementTimeout = .milliseconds(500)
        $0.patience = .seconds(3)
      }
      let operations = try ["user:a", "user:b"].map {
        try TrustBudget.Operation.charging($0, requestID: "lost-\($0)")
      }
      try await withRunning([node]) { () async throws in
        _ = try await node.perform(.charging("user:a"))
        _ = try await node.perform(.charging("user:b"))
        #expect(try await eventually { node.health.current.isAvailable })
        await cluster.standby.stop()
        // COMMIT waits for a standby that is gone, with all the locks in hand.
        let outcomes = await operations.asyncMap { await node.outcome(of: $0) }
        guard case .outcomeUnknown = outcomes[0].error, case .unavailable = outcomes[1].error else {
          Issue.record("\(outcomes)")
          return
        }
        // Whoever comes after that leaves no other session behind that waits.
        #expect(
          try await eventually {
            try await primary.count(
              "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == 1
          })
        // Nobody can be charged, and that shows.
        #expect(!node.health.current.isAvailable)
        await #expect(throws: LedgerError.self) { try await node.reader.check() }
        // One that begins now finds out before it charges anybody.
        let second = try primary.node("node-2") { $0.patience = .seconds(3) }
        let problem = await #expect(throws: LedgerError.self) { try await second.reader.check() }
        #expect(problem?.description.contains("did not confirm") == true)
        await second.reader.close()

        try await cluster.requireNobody()
        #expect(try await eventually { node.health.current.isAvailable })
      }
      let third = try primary.node("node-3")
      let answers = try await third.performTogether(operations).map { try $0.get() }
      #expect(answers.map(\.isReplay) == [true, false])
      #expect(answers.allSatisfy { $0.receipt?.remaining == 98 })
      try await primary.expectSoundLedger()
    }
  }

  @Test func `a token whose COMMIT waits for a standby is shown once that has it`() async throws {
    try await ReplicatedCluster.with { cluster in
      let store = TokenStore(
        connectionString: cluster.database(on: cluster.primary).connectionString)
      await cluster.standby.stop()
      async let token = store.create(
        name: "ca-1", roles: [.issuer], secret: .random(), lifetime: nil)
      // For longer than an answer to a command may otherwise be away.
      let limit = try PostgresConfiguration(command: "token", "").responseTimeout
      try await Task.sleep(for: try #require(limit) + .seconds(1))
      try await cluster.requireNobody()
      #expect(try await token?.name == "ca-1")
    }
  }

  @Test func `nobody is answered what a standby may lack because somebody ended the wait for it`()
    async throws
  {
    try await ReplicatedCluster.with { cluster in
      let primary = cluster.database(on: cluster.primary)
      let node = try primary.node {
        $0.lanes = 1
        $0.patience = .seconds(3)
      }
      let operation = try TrustBudget.Operation.charging("user:a", requestID: "once")
      let outcome = try await withRunning([node]) { () async throws in
        _ = try await node.perform(.charging("user:b"))
        await cluster.standby.stop()
        async let answer = node.outcome(of: operation)
        // The commit, and again that of the look-up which finds it.
        for _ in 1...2 {
          try await cluster.endWait(of: "node-1")
        }
        return await answer
      }
      guard case .outcomeUnknown = outcome.error else {
        Issue.record("\(outcome)")
        return
      }
      try await cluster.requireNobody()
      #expect(try await primary.node("node-2").performTogether([operation])[0].get().isReplay)
      try await primary.expectSoundLedger()
    }
  }

  @Test func `a charge that the standby may lack is nobody's receipt, under whatever policy`()
    async throws
  {
    // Two versions of the policy have one request pay from different budgets.
    func operation(on budget: String) throws -> TrustBudget.Operation {
      .charge(
        try Charge(
          requestID: RequestID("open"), content: RequestContent(["alice"]),
          username: Username("alice"),
          terms: [Terms(budgetID: BudgetID(budget), initialBalance: Points(9))],
          origin: Origin(actor: "test")))
    }
    try await ReplicatedCluster.with { cluster in
      let primary = cluster.database(on: cluster.primary)
      try await primary.withNodes(
        2,
        configure: {
          $0.lanes = 1
          $0.patience = .seconds(2)
        }
      ) { nodes in
        for node in nodes { _ = try await node.perform(.charging("user:b")) }
        await cluster.standby.stop()
        async let charged = nodes[0].outcome(of: operation(on: "user:a"))
        for _ in 1...2 { try await cluster.endWait(of: "node-1") }
        #expect(try await charged.error != nil)
        // The first time a budget would be made, the second time all is known from the start.
        for _ in 1...2 {
          let outcome = await nodes[1].outcome(of: try operation(on: "user:elsewhere"))
          #expect(outcome.error != nil)
        }
        try await cluster.requireNobody()
        let found = try await nodes[1].perform(operation(on: "user:elsewhere"))
        #expect(found.isReplay)
        #expect(found.receipt?.budgetID.value == "user:a")
      }
      try await primary.expectSoundLedger()
    }
  }

  @Test func `an emergency counts as recorded once the standby has it, whoever ends the wait`()
    async throws
  {
    try await ReplicatedCluster.with { cluster in
      let primary = cluster.database(on: cluster.primary)
      // A role's default that keeps the server's remarks from those who ask.
      try await primary.execute("ALTER ROLE ALL SET client_min_messages = 'error'")
      await cluster.standby.stop()
      let trail = try BreakGlassTrail(
        connectionString: primary.connectionString, settings: LedgerSettings(node: "node-1"))
      let journal = "00000000-0000-0000-0000-000000000001"
      let request = BreakGlassIssuance(
        requestID: try RequestID("once"), content: RequestContent(["alice"]),
        username: try Username("alice"), reason: "fire", ticket: nil, approvers: [],
        principals: ["root"], maxDuration: "60s", maxDurationSeconds: 60,
        requestedDurationSeconds: nil, policyDigest: .zero, actor: nil)
      var chain = BreakGlassChain(journalID: journal)
      let moment = Timestamp(microseconds: 1_800_000_000_000_000)
      let event = chain.append(request, node: "node-1", at: moment)
      let ways: [@Sendable () async throws -> Void] = [
        { try await trail.append([event]) },
        // It is there by now, and may yet be lost.
        { try await trail.append([event]) },
        { _ = try await trail.record([(request, moment)], in: journal, node: "node-1") },
        { _ = try await trail.head(of: journal) },
      ]
      for way in ways {
        async let end = #expect(throws: UnconfirmedCommit.self) { try await way() }
        try await cluster.endWait(of: "node-1 break-glass")
        _ = await end
      }
      try await cluster.requireNobody()
      #expect(try await trail.head(of: journal).sequence == 1)
      await trail.close()
    }
  }

  @Test func `who asks in vain what the standby has leaves no session waiting for it`()
    async throws
  {
    try await ReplicatedCluster.with { cluster in
      let primary = cluster.database(on: cluster.primary)
      await cluster.standby.stop()
      var settings = LedgerSettings(node: "node-1")
      settings.statementTimeout = .milliseconds(200)
      let trail = try BreakGlassTrail(
        connectionString: primary.connectionString, settings: settings)
      let node = try primary.node { $0.statementTimeout = .milliseconds(200) }
      for _ in 1...2 {
        await #expect(throws: UnconfirmedCommit.self) {
          try await trail.head(of: "00000000-0000-0000-0000-000000000001")
        }
        await #expect(throws: LedgerError.self) { try await node.reader.check() }
      }
      #expect(
        try await eventually {
          try await primary.count(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == 0
        })
      try await cluster.requireNobody()
      await node.reader.close()
      await trail.close()
    }
  }
}

extension LedgerHealth.State {
  fileprivate var isAvailable: Bool { if case .available = self { true } else { false } }
}
