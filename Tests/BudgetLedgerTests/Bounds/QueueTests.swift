import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Everything that waits is bounded, in number and in time, and what is let go is not charged.
@Suite struct QueueTests {
  @Test func `a full queue refuses at once, and keeps what it has`() async throws {
    try await TestDatabase.withLedger { database in
      let node = try database.node {
        $0.lanes = 1
        $0.queueLength = 3
      }
      let waiting = try (0..<3).map { try TrustBudget.Operation.charging("user:u\($0)") }
      try await withThrowingTaskGroup { group in
        for operation in waiting { group.addTask { await node.outcome(of: operation) } }
        #expect(try await eventually { node.queueLength == 3 })
        let refused = await node.outcome(of: try .charging("user:late"))
        guard case .overloaded = refused.error else {
          Issue.record("\(refused)")
          return
        }
        try await withRunning([node]) {
          for try await outcome in group { #expect(outcome.isCharged) }
        }
      }
      #expect(try await database.entryCounts() == ["allocation": 3, "charge": 3])
    }
  }

  @Test func `a request that waited too long for its lane is let go, and not charged`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withBusyLane({ $0.patience = .seconds(4) }) { node, release in
        let late = await node.outcome(of: try .charging("user:late"))
        guard case .overloaded = late.error else {
          Issue.record("\(late)")
          return
        }
        try await release()
        #expect(try await node.perform(.charging("user:next")).isCharged)
      }
      #expect(try await database.budgets() == ["user:first", "user:held", "user:next"])
      try await database.expectSoundLedger()
    }
  }

  @Test func `a caller who gives up before the batch began is not charged`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withBusyLane { node, release in
        let caller = Task { await node.outcome(of: try .charging("user:gone")) }
        #expect(try await eventually { node.queueLength == 1 })
        caller.cancel()
        let outcome = try await caller.value
        #expect(outcome.error == .cancelled)
        #expect(node.queueLength == 0)
        try await release()
        #expect(try await node.perform(.charging("user:next")).isCharged)
      }
      #expect(try await database.budgets() == ["user:first", "user:held", "user:next"])
    }
  }

  @Test func `a caller who hangs up is not charged, for what waits and for what comes after it`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withBusyLane { node, release in
        let presence = CallerPresence()
        @Sendable func ask(_ budget: String) async throws -> Result<Answer, LedgerError> {
          try await CallerPresence.$current.withValue(presence) {
            await node.outcome(of: try .charging(budget))
          }
        }
        async let waiting = ask("user:gone")
        #expect(try await eventually { node.queueLength == 1 })
        presence.leave()
        #expect(try await waiting.error == .cancelled)
        #expect(try await ask("user:late").error == .cancelled)
        #expect(node.queueLength == 0)
        try await release()
        #expect(try await node.perform(.charging("user:next")).isCharged)
      }
      #expect(try await database.budgets() == ["user:first", "user:held", "user:next"])
    }
  }

  @Test func `callers who give up at any moment while the row is held all hear of it`() async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:held")
      let node = try database.node {
        $0.lanes = 1
        $0.lockTimeout = .milliseconds(20)
        $0.patience = .seconds(60)
      }
      try await database.withConnection { holder in
        try await holder.execute("BEGIN")
        try await holder.lock("user:held")
        try await withRunning([node]) {
          let outcomes = try await concurrently(600) { number in
            let presence = CallerPresence()
            async let outcome = CallerPresence.$current.withValue(presence) {
              await node.outcome(of: try .charging("user:held"))
            }
            try await Task.sleep(for: .microseconds(Int.random(in: 0...300_000)))
            if number.isMultiple(of: 2) { presence.hangUp() }
            presence.leave()
            return try await outcome
          }
          #expect(outcomes.allSatisfy { $0.error == .cancelled })
          try await holder.execute("COMMIT")
          #expect(try await node.perform(.charging("user:held")).isCharged)
        }
      }
    }
  }

  @Test func `a caller who gave up before asking is not charged`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        let node = nodes[0]
        let caller = Task {
          while !Task.isCancelled { await Task.yield() }
          return await node.outcome(of: try .charging("user:gone"))
        }
        caller.cancel()
        let outcome = try await caller.value
        #expect(outcome.error == .cancelled)
      }
      #expect(try await database.budgets() == [])
    }
  }

  @Test func `a caller who gives up later is answered, since the points are taken`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:held")
      let node = try database.node { $0.lockTimeout = .seconds(10) }
      try await database.withConnection { holder in
        try await holder.execute("BEGIN")
        try await holder.lock("user:held")
        try await withRunning([node]) {
          let caller = Task { try await node.perform(.charging("user:held")) }
          #expect(try await eventually { try await database.isWaiting("transactionid") })
          caller.cancel()
          try await holder.execute("COMMIT")
          let answer = try await caller.value
          #expect(answer.isCharged)
        }
      }
      try await database.expectSoundLedger()
    }
  }

  @Test(arguments: [(1, 40), (16, 100), (512, 1_100)])
  func `a batch takes all that waits, up to its bound`(size: Int, requests: Int) async throws {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:alice")
      let node = try database.node {
        $0.lanes = 1
        $0.batchSize = size
      }
      let outcomes = try await node.performTogether(
        try (0..<requests).map { _ in try .charging("user:alice", initialBalance: 100_000) })
      #expect(outcomes.count(where: \.isCharged) == requests)
      let batches = try await database.query(
        """
        SELECT count(*) FROM trust_budget.audit_entries WHERE cost > 0
        GROUP BY transaction_id ORDER BY 1 DESC
        """)
      let whole = requests / size
      let rest = requests.isMultiple(of: size) ? [] : [requests % size]
      #expect(
        batches.map { $0[0].flatMap { Int($0) } }
          == Array(repeating: size, count: whole) + rest)
      try await database.expectSoundLedger()
    }
  }
}
