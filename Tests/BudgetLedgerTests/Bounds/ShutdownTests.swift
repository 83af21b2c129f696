import LibPQ
import Logging
import ServiceLifecycle
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// A node that leaves answers what it has taken in, and leaves nothing behind.
@Suite struct ShutdownTests {
  @Test func `a graceful shutdown answers what waits, takes nothing new in, and closes everything`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:held")
      let node = try database.node {
        $0.lanes = 1
        $0.queueLength = 40
        $0.lockTimeout = .seconds(20)
        $0.statementTimeout = .seconds(30)
      }
      let group = ServiceGroup(
        services: [node], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
      try await database.withConnection { holder in
        try await holder.execute("BEGIN")
        try await holder.lock("user:held")
        async let service: Void = group.run()
        async let held = node.perform(.charging("user:held"))
        #expect(try await eventually { try await database.isWaiting("transactionid") })
        async let waiting = concurrently(40) { number in
          try await node.perform(.charging("user:u\(number % 5)"))
        }
        #expect(try await eventually { node.queueLength == 40 })

        await group.triggerGracefulShutdown()
        // The queue is full until then.
        let isClosed = try await eventually {
          await node.outcome(of: try .charging("user:late")).error
            == .unavailable(reason: "the node is shutting down")
        }
        #expect(isClosed)
        try await holder.execute("COMMIT")
        #expect(try await held.isCharged)
        #expect(try await waiting.allSatisfy { $0.isCharged })
        try await service
      }
      #expect(try await database.entryCounts()["charge"] == 42)
      // A server's process outlives its client's farewell by a moment.
      #expect(try await eventually { try await database.isDeserted() })
      try await database.expectSoundLedger()
    }
  }

  @Test func `a node that is cancelled answers what it has, without waiting for PostgreSQL`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await PostgresProxy.with(database) { proxy in
        proxy.refuseConnections()
        let node = try database.node(through: proxy.connectionString)
        let outcomes = try await withThrowingTaskGroup { group in
          let service = Task { try await node.run() }
          for number in 0..<8 {
            group.addTask { await node.outcome(of: try .charging("user:u\(number)")) }
          }
          #expect(try await eventually { node.health.current != .unknown })
          service.cancel()
          let start = ContinuousClock.now
          try await service.value
          #expect(.now - start < .seconds(10))
          return try await group.reduce(into: []) { $0.append($1) }
        }
        for outcome in outcomes {
          guard case .unavailable = outcome.error else {
            Issue.record("\(outcome)")
            return
          }
        }
      }
    }
  }
}
