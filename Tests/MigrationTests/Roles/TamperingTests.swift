import BudgetLedger
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

/// The owner, and a superuser who means harm.
@Suite struct TamperingTests {
  @Test(arguments: [
    "DELETE FROM trust_budget.ledger_history",
    "UPDATE trust_budget.break_glass_events SET reason = ''",
    "DELETE FROM trust_budget.break_glass_events",
    "SET session_replication_role = replica; TRUNCATE trust_budget.break_glass_events",
  ])
  func `the triggers of the other trails refuse even the owner`(statements: String) async throws {
    try await TestDatabase.withLedger { database in
      try await database.charge(times: 3)
      let error = await #expect(throws: PostgresError.self) {
        try await database.execute(statements)
      }
      #expect(error?.sqlState == .insufficientPrivilege)
      #expect(error?.message.contains("append-only") == true)
    }
  }

  @Test(arguments: [
    ("UPDATE trust_budget.audit_entries SET cost = cost + 1 WHERE budget_seq = 3", 3),
    ("UPDATE trust_budget.audit_entries SET username = 'mallory' WHERE budget_seq = 2", 2),
    ("DELETE FROM trust_budget.audit_entries WHERE budget_seq = 2", 3),
    ("DELETE FROM trust_budget.audit_entries WHERE budget_seq = 4", 4),
  ])
  func `an entry changed behind the triggers' back is found by both verifications, and named`(
    change: String, firstWrong: Int
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.charge(times: 3)
      try await database.execute(
        """
        ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER audit_entries_are_append_only;
        \(change);
        ALTER TABLE trust_budget.audit_entries ENABLE ALWAYS TRIGGER audit_entries_are_append_only;
        """)
      let inSQL = try await database.query(
        "SELECT budget_id, budget_seq FROM trust_budget.verify_all_budgets()")
      #expect(inSQL == [["user:alice", "\(firstWrong)"]])
      let faults = try await database.ledgerFaults()
      #expect(faults.count == 1)
      #expect(faults.first?.hasPrefix("user:alice") == true)
      // The schema is whole again: that nobody sees.
      #expect(try await database.runner().verify().isSound)
    }
  }
}
