import LibPQ
import PrometheusExposition
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// The figures of budgets that run short: they name nobody, and they come down again.
@Suite struct BudgetWatchTests {
  private let registry = PrometheusRegistry(describing: [])

  private func figures() -> [String] {
    registry.exposition().split(separator: "\n").map(String.init).filter {
      $0.hasPrefix("trust_budget_budgets{") || $0.hasPrefix("trust_budget_watched_budgets ")
    }
  }

  private func figures(low: Int, exhausted: Int, fast: Int, watched: Int) -> [String] {
    [
      "trust_budget_budgets{state=\"exhausted\"} \(exhausted)",
      "trust_budget_budgets{state=\"fast\"} \(fast)",
      "trust_budget_budgets{state=\"low\"} \(low)",
      "trust_budget_watched_budgets \(watched)",
    ]
  }

  private func expect(low: Int, exhausted: Int, fast: Int, watched: Int) async throws {
    let expected = figures(low: low, exhausted: exhausted, fast: fast, watched: watched)
    let isSo = try await eventually { figures() == expected }
    #expect(isSo, "\(figures())")
  }

  @Test func `budgets are counted while they run short, whichever node ends that`() async throws {
    try await TestDatabase.withLedger { database in
      let node = try database.node(metrics: registry) { $0.watchInterval = .milliseconds(50) }
      let other = try database.node("node-2")
      try await withRunning([node, other]) {
        _ = try await node.perform(.charging("full", cost: 1, initialBalance: 100))
        _ = try await node.perform(.charging("half", cost: 60, initialBalance: 100))
        _ = try await node.perform(.charging("low", cost: 81, initialBalance: 100))
        _ = try await node.perform(.charging("none", cost: 100, initialBalance: 100))
        try await expect(low: 2, exhausted: 1, fast: 3, watched: 3)

        _ = try await other.perform(
          .adjustment(
            try Adjustment(
              requestID: .random(), budgetID: BudgetID("none"), points: 90, reason: "more",
              origin: Origin())))
        _ = try await other.perform(
          .reset(
            AdministrativeReset(
              requestID: .random(), budgetID: try BudgetID("half"), reason: "again",
              origin: Origin())))
        try await expect(low: 1, exhausted: 0, fast: 1, watched: 1)
      }
    }
  }

  @Test func `a node that begins knows of what ran short before`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        _ = try await nodes[0].perform(.charging("none", cost: 100, initialBalance: 100))
      }
      let node = try database.node("late", metrics: registry) {
        $0.watchInterval = .milliseconds(50)
      }
      try await withRunning([node]) {
        try await expect(low: 1, exhausted: 1, fast: 1, watched: 1)
      }
    }
  }

  @Test func `a budget whose row is gone is watched no longer`() async throws {
    try await TestDatabase.withLedger { database in
      let node = try database.node(metrics: registry) { $0.watchInterval = .milliseconds(50) }
      try await withRunning([node]) {
        _ = try await node.perform(.charging("none", cost: 100, initialBalance: 100))
        try await expect(low: 1, exhausted: 1, fast: 1, watched: 1)
        try await database.execute(
          "SET session_replication_role = replica; DELETE FROM trust_budget.budgets")
        try await expect(low: 0, exhausted: 0, fast: 0, watched: 0)
      }
    }
  }

  @Test func `a name that no budget can have keeps nobody from being counted`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        """
        INSERT INTO trust_budget.audit_entries
               (epoch, budget_id, budget_seq, kind, cost, balance_before, balance_after, node, detail,
                occurred_at, hash)
        VALUES (1, ' odd', 1, 'allocation', 0, 0, 100, 'x', '{}', now(), sha256('odd'))
        """)
      let node = try database.node(metrics: registry) { $0.watchInterval = .milliseconds(50) }
      try await withRunning([node]) {
        _ = try await node.perform(.charging("none", cost: 100, initialBalance: 100))
        try await expect(low: 1, exhausted: 1, fast: 1, watched: 1)
      }
    }
  }

  @Test func `figures that no program of ours wrote count as what they are, and end no node`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        """
        INSERT INTO trust_budget.budgets (budget_id, initial_balance, spent, window_seq, last_seq)
        VALUES ('odd', 100, 60, 1, 1);
        INSERT INTO trust_budget.audit_entries
               (epoch, budget_id, budget_seq, kind, cost, balance_before, balance_after, node, detail,
                occurred_at, hash)
        VALUES (1, 'odd', 1, 'allocation', 0, 0, 9000000000000000000, 'x', '{}',
                now() - interval '1 day', sha256('odd'))
        """)
      let node = try database.node(metrics: registry) { $0.watchInterval = .milliseconds(50) }
      try await withRunning([node]) {
        try await expect(low: 0, exhausted: 0, fast: 1, watched: 1)
      }
    }
  }

  @Test func `what was spent longer ago does not count as fast`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        let reader = nodes[0].reader
        for _ in 0..<30 {
          _ = try await nodes[0].perform(.charging("a", cost: 2, initialBalance: 100))
        }
        let now = try await reader.strain(of: ["a"], within: .seconds(3_600))
        #expect(now.map(\.states) == [[.fast]])
        try await Task.sleep(for: .seconds(1))
        let calm = try await reader.strain(of: ["a"], within: .seconds(1))
        #expect(calm.map(\.states) == [[]])
        // Only what was spent since counts: 30 of 100.
        for _ in 0..<15 {
          _ = try await nodes[0].perform(.charging("a", cost: 2, initialBalance: 100))
        }
        let later = try await reader.strain(of: ["a"], within: .seconds(1))
        #expect(later.map(\.states) == [[.low]])
      }
    }
  }

  @Test func `a budget that is due for a reset runs short of nothing`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        _ = try await nodes[0].perform(
          .charging(
            "a", cost: 100, initialBalance: 100, resetInterval: ResetInterval(microseconds: 30_000))
        )
        let reader = nodes[0].reader
        let isReset = try await eventually {
          try await reader.strain(of: ["a"], within: .seconds(60)).map(\.states) == [[]]
        }
        #expect(isReset)
      }
    }
  }

  @Test func `no more budgets are watched than there is room for`() async throws {
    try await TestDatabase.withLedger { database in
      let node = try database.node(metrics: registry) { $0.watchInterval = .milliseconds(50) }
      try await withRunning([node]) {
        try await withThrowingTaskGroup { group in
          for number in 0..<(BudgetWatch.capacity + 100) {
            group.addTask {
              _ = try await node.perform(.charging("b\(number)", cost: 1, initialBalance: 1))
            }
          }
          try await group.waitForAll()
        }
        let all = BudgetWatch.capacity
        try await expect(low: all, exhausted: all, fast: all, watched: all)
      }
    }
  }
}
