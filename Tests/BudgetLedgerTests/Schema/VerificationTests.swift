import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// PostgreSQL's own verification and the program's find the same.
@Suite struct VerificationTests {
  /// What somebody with a superuser's power may do to the trail, and to whose budget.
  static let tamperings: [(what: String, sql: String)] = [
    ("another cost", "UPDATE trust_budget.audit_entries SET cost = 2 WHERE budget_seq = 3"),
    ("another name", "UPDATE trust_budget.audit_entries SET username = 'bob' WHERE budget_seq = 3"),
    (
      "a name taken out",
      "UPDATE trust_budget.audit_entries SET username = NULL WHERE budget_seq = 3"
    ),
    (
      "a word moved from one column to the next",
      "UPDATE trust_budget.audit_entries SET rule = actor, actor = NULL WHERE budget_seq = 3"
    ),
    (
      "another time",
      """
      UPDATE trust_budget.audit_entries SET occurred_at = occurred_at + interval '1 microsecond'
      WHERE budget_seq = 3
      """
    ),
    (
      "the same day of the same year before our era",
      """
      UPDATE trust_budget.audit_entries SET occurred_at = (timezone('UTC', occurred_at)::text || 'Z BC')::timestamptz
      WHERE budget_seq = 3
      """
    ),
    (
      "a year of five digits",
      """
      UPDATE trust_budget.audit_entries SET occurred_at = occurred_at + interval '10000 years'
      WHERE budget_seq = 3
      """
    ),
    (
      "no time at all",
      "UPDATE trust_budget.audit_entries SET occurred_at = 'infinity' WHERE budget_seq = 3"
    ),
    (
      "a detail written in another way",
      """
      UPDATE trust_budget.audit_entries SET detail = (detail::text || ' ')::json
      WHERE budget_seq = 3
      """
    ),
    (
      "another epoch",
      """
      ALTER TABLE trust_budget.audit_entries DROP CONSTRAINT epoch_is_current;
      UPDATE trust_budget.audit_entries SET epoch = 2 WHERE budget_seq = 3
      """
    ),
    (
      "another hash", "UPDATE trust_budget.audit_entries SET hash = sha256('') WHERE budget_seq = 3"
    ),
    ("the last entry gone", "DELETE FROM trust_budget.audit_entries WHERE budget_seq = 6"),
    ("an entry in the middle gone", "DELETE FROM trust_budget.audit_entries WHERE budget_seq = 3"),
    ("the first entry gone", "DELETE FROM trust_budget.audit_entries WHERE budget_seq = 1"),
    ("all entries gone", "DELETE FROM trust_budget.audit_entries"),
    ("another head", "UPDATE trust_budget.budgets SET last_hash = sha256('')"),
    ("another number of the head", "UPDATE trust_budget.budgets SET last_seq = 7"),
    ("points minted in the row", "UPDATE trust_budget.budgets SET spent = 0"),
    ("another ledger", "UPDATE trust_budget.ledger SET id = gen_random_uuid()"),
    (
      "the budget gone, with its entries left",
      "DELETE FROM trust_budget.budgets"
    ),
    (
      "a forged entry at the end",
      """
      INSERT INTO trust_budget.audit_entries OVERRIDING USER VALUE
      SELECT entry_id, epoch, transaction_id, budget_id, 7, 'adjustment', username, 0,
             balance_after, balance_after + 50, 'forged', part, rule, policy_digest, actor, node,
             detail, occurred_at, hash
      FROM trust_budget.audit_entries WHERE budget_seq = 6
      """
    ),
  ]

  @Test func `a sound ledger is sound to both`() async throws {
    try await TestDatabase.withLedger { database in
      try await Self.makeTrail(in: database)
      let (inProgram, inSQL, ofOne) = try await verify(database)
      #expect(inProgram.isEmpty && inSQL.isEmpty && ofOne.isEmpty)
    }
  }

  @Test(arguments: tamperings.indices)
  func `what was tampered with is found by both, at the same budget`(index: Int) async throws {
    let (what, sql) = Self.tamperings[index]
    try await TestDatabase.withLedger { database in
      try await Self.makeTrail(in: database)
      try await database.execute(
        """
        ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER ALL,
          DROP CONSTRAINT IF EXISTS year_has_four_digits;
        \(sql);
        ALTER TABLE trust_budget.audit_entries ENABLE ALWAYS TRIGGER audit_entries_are_append_only;
        """)
      let (inProgram, inSQL, ofOne) = try await verify(database)
      #expect(inProgram.count == 1, "\(what): \(inProgram)")
      #expect(inSQL.count == 1, "\(what): \(inSQL)")
      #expect(inSQL.first?.first == "user:alice", "\(what)")
      #expect(ofOne == inSQL, "\(what)")
      #expect(inProgram.first?.hasPrefix("user:alice") == true, "\(what)")
    }
  }

  @Test func `entries of an epoch that has not begun are found by both`() async throws {
    try await TestDatabase.withLedger { database in
      try await Self.makeTrail(in: database)
      try await database.query("SELECT trust_budget.begin_epoch('a test')")
      _ = try await database.withNodes(1) {
        try await $0[0].perform(.charging("user:alice", requestID: "3"))
      }
      #expect(try await database.ledgerFaults() == [])
      // Their hashes are right.
      try await database.execute("UPDATE trust_budget.ledger SET epoch = 1")
      let (inProgram, inSQL, _) = try await verify(database)
      let problem = "it is of epoch 2, and the ledger is in epoch 1"
      #expect(inProgram == ["user:alice entry 7: \(problem)"])
      #expect(inSQL == [["user:alice", "7", problem]])
    }
  }

  @Test func `a row that has another hash than its newest entry is said to`() async throws {
    try await TestDatabase.withLedger { database in
      try await Self.makeTrail(in: database)
      try await database.execute("UPDATE trust_budget.budgets SET last_hash = sha256('')")
      let (_, inSQL, _) = try await verify(database)
      #expect(inSQL == [["user:alice", "6", "the budget's row has another hash than entry 6"]])
    }
  }

  @Test func `a history is told, whatever time stands in one of its rows`() async throws {
    try await TestDatabase.withLedger { database in
      try await Self.makeTrail(in: database)
      try await database.execute(
        """
        ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER ALL,
          DROP CONSTRAINT IF EXISTS year_has_four_digits;
        UPDATE trust_budget.audit_entries SET occurred_at = occurred_at + interval '10000 years'
        WHERE budget_seq = 3
        """)
      let problem =
        "user:alice entry 3: it holds what is no value of ours: must be a moment of the years 1 to 9999"
      #expect(try await database.ledgerFaults() == [problem])
      try await database.withNodes(1) { nodes in
        let query = EntryQuery(budgetID: try BudgetID("user:alice"), limit: 10)
        let entries = try await nodes[0].reader.entries(query)
        #expect(entries.map(\.sequence) == [6, 5, 4, 3, 2, 1])
        #expect(entries[3].occurredAt.sortableText == "9999-12-31 23:59:59.999999")
      }
    }
  }

  @Test func `each budget is compared with its own row, and everything is counted`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        for (number, budget) in ["a", "b", "c", "b", "d", "a"].enumerated() {
          _ = try await nodes[0].perform(.charging(budget, requestID: "\(number)"))
        }
      }
      try await database.execute(
        """
        DELETE FROM trust_budget.budgets WHERE budget_id = 'b';
        UPDATE trust_budget.budgets SET spent = 0 WHERE budget_id = 'd';
        UPDATE trust_budget.budgets SET window_started_at = 'infinity' WHERE budget_id = 'a';
        UPDATE trust_budget.budgets SET last_seq = 9223372036854775807 WHERE budget_id = 'c';
        INSERT INTO trust_budget.budgets (budget_id, initial_balance) VALUES ('e', 1)
        """)
      let report = try await database.withConnection { connection in
        try await connection.run { try LedgerAudit.report(on: $0) }
      }
      #expect(
        report.faults.map(\.description) == [
          "a: the row makes no sense: a value must be a moment of the years 1 to 9999",
          "b: there are entries and no budget",
          "c: the row makes no sense: a value must be the number of an entry, and is 9223372036854775807",
          "d: the row is not what its entries make of it",
          "e: there is a budget and no entry",
        ])
      #expect((report.entries, report.budgets, report.events) == (10, 5, 0))
    }
  }

  @Test func `an entry that cannot be ours is named, and the others are verified`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        for budget in ["a", "b", "c"] {
          for _ in 0..<3 { _ = try await nodes[0].perform(.charging(budget)) }
        }
      }
      try await database.execute(
        """
        ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER ALL,
          DROP CONSTRAINT IF EXISTS year_has_four_digits;
        UPDATE trust_budget.audit_entries SET budget_id = E'a\\x01' WHERE budget_id = 'a';
        UPDATE trust_budget.audit_entries SET part = 7 WHERE budget_id = 'c' AND budget_seq = 2
        """)
      let report = try await database.withConnection { connection in
        try await connection.run { try LedgerAudit.report(on: $0) }
      }
      #expect(report.faults.count == 3, "\(report.faults)")
      #expect(report.faults.first?.chain == .budget("a\u{1}"))
      #expect(report.faults.first?.sequence == 1)
      #expect(report.faults.dropFirst().first?.chain == .budget("c"))
      #expect((report.entries, report.budgets) == (12, 4))
    }
  }

  private func verify(
    _ database: TestDatabase
  ) async throws -> (program: [String], sql: [[String?]], one: [[String?]]) {
    (
      try await database.ledgerFaults(),
      try await database.query("SELECT * FROM trust_budget.verify_all_budgets()"),
      try await database.query("SELECT * FROM trust_budget.verify_budget('user:alice')")
    )
  }

  /// Six entries of alice's, with text that takes more than one byte a letter.
  private static func makeTrail(in database: TestDatabase) async throws {
    try await database.withNodes(1) { nodes in
      _ = try await nodes[0].perform(.charging("user:alice", requestID: "1"))
      _ = try await nodes[0].perform(.charging("user:alice", cost: 3, requestID: "2"))
      _ = try await nodes[0].perform(.settling("1", of: ["user:alice"]))
      _ = try await nodes[0].perform(.refunding("2", of: ["user:alice"]))
      _ = try await nodes[0].perform(
        .adjusting("user:alice", by: -5, reason: "Übung \"Größe\"\n\u{1F600}"))
    }
  }
}
