import Synchronization
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// One request that the database does not like must not harm those that share its batch.
@Suite struct RefusedRequestTests {
  @Test(arguments: [
    "check_violation", "numeric_value_out_of_range", "program_limit_exceeded", "raise_exception",
    "insufficient_privilege", "data_corrupted",
  ])
  func `a request that the database rejects fails alone, in a batch of 512`(
    condition: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.reject("requests", "NEW.request_id = 'bad'", with: condition)
      let node = try database.node { $0.lanes = 1 }
      let outcomes = try await node.performTogether(
        try (0..<512).map { number in
          try .charging(
            "user:u\(number % 64)", requestID: number == 300 ? "bad" : "good-\(number)")
        })
      #expect(outcomes.count(where: \.isCharged) == 511)
      guard case .refused(let reason) = outcomes[300].error else {
        Issue.record("\(outcomes[300])")
        return
      }
      #expect(reason.contains("not to the test's liking"))
      #expect(
        try await database.count(
          "SELECT count(*) FROM trust_budget.audit_entries WHERE kind = 'charge'") == 511)
      try await database.expectSoundLedger()
    }
  }

  @Test func `a node that can commit nothing is not ready, until it can`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(
        1,
        configure: {
          $0.patience = .seconds(1)
          $0.watchInterval = .milliseconds(100)
        }
      ) { nodes in
        _ = try await nodes[0].perform(.charging("user:a"))
        try await database.reject("everything", "true", with: "disk_full")
        let error = await #expect(throws: LedgerError.self) {
          try await nodes[0].perform(.charging("user:a"))
        }
        guard case .unavailable(let reason)? = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        await #expect(throws: LedgerError.unavailable(reason: reason)) {
          try await nodes[0].check()
        }
        #expect(
          try await eventually { nodes[0].health.current == .unavailable(reason: reason) })
        try await database.execute("DROP TRIGGER everything_reject ON trust_budget.audit_entries")
        _ = try await nodes[0].perform(.charging("user:a"))
        _ = try await nodes[0].check()
        // One request's own trouble is not everybody's.
        try await database.reject("one", "NEW.budget_id = 'user:bob'", with: "disk_full")
        await #expect(throws: LedgerError.self) {
          try await nodes[0].perform(.charging("user:bob"))
        }
        _ = try await nodes[0].perform(.charging("user:a"))
        _ = try await nodes[0].check()
        _ = try await nodes[0].perform(.charging("user:a"))
        guard case .available = nodes[0].health.current else {
          Issue.record("\(nodes[0].health.current)")
          return
        }
      }
    }
  }

  @Test(arguments: [
    "serialization_failure", "disk_full", "feature_not_supported", "query_canceled",
    "undefined_function",
  ])
  func `a lone request for which PostgreSQL has no time keeps nobody on its lane waiting`(
    condition: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.reject("requests", "NEW.request_id = 'bad'", with: condition)
      let node = try database.node {
        $0.lanes = 1
        $0.patience = .seconds(20)
      }
      try await withRunning([node]) {
        let isAnswered = Mutex(false)
        let bad = Task {
          let outcome = await node.outcome(of: try .charging("user:bad", requestID: "bad"))
          isAnswered.withLock { $0 = true }
          return outcome
        }
        #expect(
          try await eventually {
            try await database.count("SELECT last_value FROM requests_count") > 4
          })
        for number in 0..<20 {
          _ = try await node.perform(.charging("user:u\(number)"))
          // Nor those of its budget.
          _ = try await node.perform(.charging("user:bad"))
        }
        #expect(!isAnswered.withLock { $0 })
        try await database.execute("DROP TRIGGER requests_reject ON trust_budget.audit_entries")
        #expect(try await bad.value.isCharged)
      }
      try await database.expectSoundLedger()
    }
  }

  @Test(arguments: [
    "serialization_failure", "disk_full", "feature_not_supported", "undefined_column",
  ])
  func `a request for which PostgreSQL has no time, ever, does not keep the others waiting`(
    condition: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.reject("requests", "NEW.request_id = 'bad'", with: condition)
      let node = try database.node {
        $0.lanes = 1
        $0.patience = .seconds(10)
      }
      let outcomes = try await node.performTogether(
        try (0..<128).map { number in
          try .charging(
            "user:u\(number % 64)", requestID: number == 100 ? "bad" : "good-\(number)")
        })
      #expect(outcomes.count(where: \.isCharged) == 127)
      guard case .unavailable(let reason) = outcomes[100].error else {
        Issue.record("\(outcomes[100])")
        return
      }
      #expect(reason.contains("not to the test's liking"))
      try await database.expectSoundLedger()
    }
  }

  @Test(arguments: [
    // A month has no fixed length.
    "reset_interval = '1 month'",
    "reset_interval = '200000000 days'",
    "reset_interval = '106751990 days 24:00:00'",
    "window_started_at = 'infinity', reset_interval = '1 hour'",
    "window_started_at = '-infinity', reset_interval = '1 hour'",
    "window_started_at = '4000-01-01 BC', reset_interval = '1 hour'",
    "window_started_at = '294000-01-01', reset_interval = '1 hour'",
    "window_started_at = '294276-12-31', reset_interval = '1 hour'",
    "last_seq = 9223372036854775807",
    "last_seq = 1152921504606846976",
  ])
  func `a budget's row that makes no sense stops the charges of that budget alone`(
    change: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        _ = try await nodes[0].perform(.charging("user:odd"))
      }
      try await database.query(
        "UPDATE trust_budget.budgets SET \(change) WHERE budget_id = 'user:odd'")
      let node = try database.node { $0.lanes = 1 }
      let outcomes = try await node.performTogether([
        .charging("user:a"), .charging("user:odd"), .charging("user:b"),
      ])
      #expect(outcomes.map(\.isCharged) == [true, false, true])
      guard case .refused = outcomes[1].error else {
        Issue.record("\(outcomes[1])")
        return
      }
      await #expect(throws: LedgerError.self) {
        try await node.reader.budgets(BudgetQuery(limit: 10))
      }
    }
  }

  @Test func `a budget's name that makes no sense is told as what it is, and not as an outage`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        "INSERT INTO trust_budget.budgets (budget_id, initial_balance) VALUES (' x', 1)")
      let error = await #expect(throws: LedgerError.self) {
        try await database.node().reader.budgets(BudgetQuery(limit: 10))
      }
      guard case .refused(let reason) = error else {
        Issue.record("\(error as Any)")
        return
      }
      #expect(reason.hasPrefix(" x: the row makes no sense: a value must not begin"), "\(reason)")
    }
  }

  @Test func `a request that was charged before gets its receipt, whatever the database rejects`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:alice")
      let charge = try Operation.charging("user:alice", requestID: "known")
      let first = try await database.withNodes(1) { try await $0[0].perform(charge) }
      try await database.reject("entries", "true", with: "check_violation")
      try await database.withNodes(1) { nodes in
        let again = try await nodes[0].perform(charge)
        #expect(again.isReplay && again.record == first.record)
        await #expect(throws: LedgerError.self) {
          try await nodes[0].perform(.charging("user:alice", requestID: "new"))
        }
      }
    }
  }

  @Test func `a batch that is taken apart keeps the order of its requests on each budget`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.reject("requests", "NEW.request_id = 'bad'", with: "check_violation")
      let node = try database.node { $0.lanes = 1 }
      // 20 points for 40 requests: the first 20 get them.
      let outcomes = try await node.performTogether(
        try (0..<41).map { number in
          try .charging(
            number == 17 ? "user:other" : "user:alice", initialBalance: 20,
            requestID: number == 17 ? "bad" : "\(number)")
        })
      let charged = outcomes.indices.filter { outcomes[$0].isCharged }
      #expect(charged == (0..<21).filter { $0 != 17 })
      try await database.expectSoundLedger()
    }
  }
}
