import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

@Suite struct WindowTests {
  @Test(arguments: [20_000, 150_000] as [Int64])
  func `a due reset comes with the next charge, and windows stay on their grid`(
    microseconds: Int64
  ) async throws {
    let interval = try ResetInterval(microseconds: microseconds)
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        try await charge(nodes, every: interval, windows: 4)
        let entries = try await database.withConnection { connection in
          try await connection.run { try $0.execute(EntriesAfter(count: 0)) }
        }
        let resets = entries.filter { $0.kind == .reset }
        #expect(resets.count >= 4)
        let origin = try #require(entries.first).occurredAt
        var window = origin
        for reset in resets {
          let start = try #require(
            EntryDetail(reset.detail)?.windowStartedAt.flatMap { Timestamp($0) })
          #expect((start.microseconds - origin.microseconds).isMultiple(of: microseconds))
          #expect(start > window)
          #expect(start <= reset.occurredAt && reset.occurredAt < start + interval)
          #expect(reset.balanceAfter == 2)
          window = start
        }
      }
      try await database.expectSoundLedger()
    }
  }

  @Test func `reads show a due reset that no charge has written yet`() async throws {
    let interval = try ResetInterval(microseconds: 30_000)
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        let alice = try BudgetID("user:alice")
        _ = try await nodes[0].perform(
          .charging("user:alice", cost: 5, initialBalance: 5, resetInterval: interval))
        let isFull = try await eventually {
          try await nodes[0].reader.budget(alice)?.balance == 5
        }
        #expect(isFull)
        #expect(try await database.entryCounts() == ["allocation": 1, "charge": 1])
        let dryRun = try await nodes[0].reader.dryRun(
          .of("user:alice", cost: 5, initialBalance: 5, resetInterval: interval))
        #expect(dryRun.isCharged)
        #expect(try await database.entryCounts() == ["allocation": 1, "charge": 1])
      }
    }
  }

  @Test func `an administrator's reset opens a window on the same grid`() async throws {
    let hour = try ResetInterval(hours: 1)
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        let before = try await nodes[0].perform(
          .charging("user:alice", cost: 5, initialBalance: 5, resetInterval: hour))
        _ = try await nodes[0].perform(.adjusting("user:alice", by: 3))
        let answer = try await nodes[0].perform(.resetting("user:alice"))
        let budget = try #require(answer.budget)
        #expect(budget.balance == 5)
        #expect(budget.resetsAt?.roundedUpToSecond == before.receipt?.resetsAt)
      }
      try await database.expectSoundLedger()
    }
  }

  /// Charges alternately through two nodes until so many windows have passed.
  private func charge(
    _ nodes: [BudgetLedger], every interval: ResetInterval, windows: Int
  ) async throws {
    var windowsSeen: Set<Timestamp> = []
    let isDone = try await eventually {
      for node in nodes {
        _ = try await node.perform(
          .charging("user:alice", initialBalance: 2, resetInterval: interval))
      }
      let budget = try await nodes[0].reader.budget(BudgetID("user:alice"))
      if let start = budget?.windowStartedAt { windowsSeen.insert(start) }
      return windowsSeen.count > windows + 1
    }
    #expect(isDone)
  }
}
