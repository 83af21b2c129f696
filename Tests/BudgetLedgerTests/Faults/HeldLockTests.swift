import LibPQ
import Logging
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Somebody holds a budget's row: a DBA with a transaction left open, say.
@Suite struct HeldLockTests {
  @Test(arguments: [0, 7, 15], [false, true])
  func `the others of the batch are answered while one row is held, and that one after it`(
    position: Int, isReadOnlyByDefault: Bool
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:held")
      if isReadOnlyByDefault {
        try await database.execute(
          "ALTER DATABASE \(database.name) SET default_transaction_read_only = on")
      }
      let node = try database.node {
        $0.lanes = 1
        $0.lockTimeout = .milliseconds(50)
      }
      try await database.withConnection { holder in
        try await holder.execute("BEGIN READ WRITE")
        try await holder.lock("user:held")
        let operations = try (0..<16).map {
          try TrustBudget.Operation.charging($0 == position ? "user:held" : "user:u\($0)")
        }
        let outcomes = try await node.performTogether(operations) {
          let areAnswered = try await eventually(within: .seconds(5)) {
            try await database.count(
              "SELECT count(*) FROM trust_budget.audit_entries WHERE kind = 'charge' AND cost > 0")
              == 15
          }
          #expect(areAnswered)
          try await holder.execute("COMMIT")
        }
        #expect(outcomes.count(where: \.isCharged) == 16)
      }
      try await database.expectSoundLedger()
    }
  }

  @Test func `those who wait for a held row are counted, and the budget is named`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:held")
      let log = Log()
      var settings = LedgerSettings(node: "node-1")
      settings.lanes = 1
      settings.lockTimeout = .milliseconds(50)
      settings.patience = .seconds(60)
      let node = try BudgetLedger(
        connectionString: database.connectionString, settings: settings,
        logger: Logger(label: "test", factory: { _ in log }))
      try await database.withConnection { holder in
        try await holder.execute("BEGIN")
        try await holder.lock("user:held")
        let operations = try (0..<5).map { _ in try TrustBudget.Operation.charging("user:held") }
        let outcomes = try await node.performTogether(operations) {
          #expect(
            try await eventually {
              node.queueLength == 5 && log.text.contains("rows of budgets are held")
            })
          try await holder.execute("COMMIT")
        }
        #expect(outcomes.count(where: \.isCharged) == 5)
      }
      let said = log.lines.filter { $0.hasPrefix("warning rows of budgets are held") }
      #expect(said.count == 1)
      #expect(said.first?.contains("user:held") == true)
    }
  }

  @Test func `a caller who gives up while the row is held is let go, and not charged`() async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:held")
      let node = try database.node {
        $0.lanes = 1
        $0.lockTimeout = .milliseconds(50)
        $0.patience = .seconds(60)
      }
      try await database.withConnection { holder in
        try await holder.execute("BEGIN")
        try await holder.lock("user:held")
        try await withRunning([node]) {
          let caller = Task { await node.outcome(of: try .charging("user:held")) }
          #expect(try await eventually { try await database.isWaiting("transactionid") })
          // Answered once that one has stepped aside.
          #expect(try await node.perform(.charging("user:free")).isCharged)
          caller.cancel()
          #expect(try await caller.value.error == .cancelled)
          try await holder.execute("COMMIT")
          #expect(try await node.perform(.charging("user:held")).isCharged)
        }
      }
      let charges = try await database.count(
        "SELECT count(*) FROM trust_budget.audit_entries WHERE kind = 'charge' AND cost > 0")
      #expect(charges == 2)
    }
  }

  @Test func `whoever waited in vain for a table that is locked is not charged when it is free`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let patience: Duration = .seconds(2)
      let node = try database.node {
        $0.lanes = 1
        $0.lockTimeout = .milliseconds(100)
        $0.patience = patience
      }
      try await database.withConnection { holder in
        try await holder.execute("BEGIN; LOCK TABLE trust_budget.audit_entries IN SHARE MODE")
        let operations = try (0..<32).map { try TrustBudget.Operation.charging("user:u\($0)") }
        let outcomes = try await node.performTogether(operations) {
          // Longer than anybody waits; the batch, by then in parts, is tried all the while.
          try await Task.sleep(for: patience + .seconds(1))
          try await holder.execute("COMMIT")
        }
        for outcome in outcomes {
          guard case .unavailable(let reason) = outcome.error else {
            Issue.record("\(outcome)")
            continue
          }
          #expect(reason.contains("lock timeout"))
        }
      }
      #expect(try await database.count("SELECT count(*) FROM trust_budget.audit_entries") == 0)
    }
  }

  @Test func `a row that is held for too long makes its request unavailable, and is not charged`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:held")
      let node = try database.node {
        $0.lockTimeout = .milliseconds(50)
        $0.patience = .seconds(2)
      }
      try await database.withConnection { holder in
        try await holder.execute("BEGIN")
        try await holder.lock("user:held")
        try await withRunning([node]) {
          let outcome = await node.outcome(of: try .charging("user:held", requestID: "r"))
          guard case .unavailable = outcome.error else {
            Issue.record("\(outcome)")
            return
          }
          try await holder.execute("COMMIT")
          #expect(try await node.perform(.charging("user:held", requestID: "r")).isCharged)
        }
      }
      try await database.expectSoundLedger()
    }
  }

  @Test func `who comes later for other budgets is answered for as long as a row is held`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:held")
      let node = try database.node {
        $0.lanes = 1
        $0.lockTimeout = .milliseconds(100)
      }
      try await database.withConnection { holder in
        try await holder.execute("BEGIN")
        try await holder.lock("user:held")
        try await withRunning([node]) {
          let held = Counter()
          try await withThrowingTaskGroup { group in
            // Others for the same budget come again and again, and wait behind the first.
            for number in 0..<30 {
              group.addTask {
                let answer = try await node.perform(
                  .charging("user:held", requestID: "held-\(number)"))
                #expect(answer.isCharged)
                held.increment()
              }
              let other = try await node.perform(.charging("user:u\(number)"))
              #expect(other.isCharged)
            }
            #expect(held.value == 0)
            try await holder.execute("COMMIT")
            try await group.waitForAll()
          }
          #expect(held.value == 30)
        }
      }
      try await database.expectSoundLedger()
    }
  }

  @Test func `another lane's budgets know nothing of a row that is held`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:held")
      let node = try database.node { $0.lockTimeout = .seconds(10) }
      try await database.withConnection { holder in
        try await holder.execute("BEGIN")
        try await holder.lock("user:held")
        try await withRunning([node]) {
          async let held = node.perform(.charging("user:held"))
          #expect(try await eventually { try await database.isWaiting("transactionid") })
          // Four lanes, by hash: of these some are in another lane than the one that is held.
          let answered = try await withThrowingTaskGroup { group in
            for number in 0..<16 {
              group.addTask { try await node.perform(.charging("user:u\(number)")) }
            }
            defer { group.cancelAll() }
            for _ in 0..<4 { #expect(try await group.next()?.isCharged == true) }
            try await holder.execute("COMMIT")
            return try await group.reduce(4) { count, _ in count + 1 }
          }
          #expect(answered == 16)
          #expect(try await held.isCharged)
        }
      }
    }
  }
}
