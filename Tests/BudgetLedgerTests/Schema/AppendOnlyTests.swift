import Foundation
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Entries are evidence: nobody changes them, not even their table's owner.
@Suite struct AppendOnlyTests {
  static let changes = [
    "UPDATE trust_budget.audit_entries SET cost = 0",
    "UPDATE trust_budget.audit_entries SET cost = 0 WHERE false",
    "DELETE FROM trust_budget.audit_entries",
    "TRUNCATE trust_budget.audit_entries",
    "TRUNCATE trust_budget.budgets, trust_budget.audit_entries RESTART IDENTITY CASCADE",
    """
    INSERT INTO trust_budget.audit_entries OVERRIDING USER VALUE
    SELECT * FROM trust_budget.audit_entries
    ON CONFLICT (budget_id, budget_seq) DO UPDATE SET cost = 0
    """,
    """
    WITH gone AS (DELETE FROM trust_budget.audit_entries RETURNING budget_id)
    SELECT count(*) FROM gone
    """,
  ]

  @Test(arguments: changes, ["origin", "replica", "local"])
  func `a change of entries is refused, in whatever role the session plays`(
    change: String, role: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.makeBudgets("user:alice")
      let before = try await database.query("SELECT * FROM trust_budget.audit_entries")
      try await database.withConnection { connection in
        try await connection.execute("SET session_replication_role = '\(role)'")
        let error = await #expect(throws: PostgresError.self) {
          try await connection.execute(change)
        }
        #expect(error?.sqlState == .insufficientPrivilege)
        #expect(error?.message.contains("is append-only") == true, "\(String(describing: error))")
        #expect(error?.hint?.contains("adjust") == true)
      }
      let after = try await database.query("SELECT * FROM trust_budget.audit_entries")
      #expect(after == before)
      try await database.expectSoundLedger()
    }
  }

  @Test func `an owner who is no superuser migrates, charges, and changes no entry`()
    async throws
  {
    try await TestDatabase.withEmptyDatabase { database in
      let owner = "owner_\(UUID().uuidString.prefix(8).lowercased())"
      try await database.execute(
        """
        CREATE ROLE \(owner) LOGIN;
        GRANT CREATE ON DATABASE \(database.name) TO \(owner);
        """)
      let owned = TestDatabase(
        name: database.name,
        connectionString: database.connectionString.replacing(
          "user='postgres'", with: "user='\(owner)'"))
      _ = try await MigrationRunner(connectionString: owned.connectionString).up()
      try await owned.makeBudgets("user:alice")
      let error = await #expect(throws: PostgresError.self) {
        try await owned.execute("DELETE FROM trust_budget.audit_entries")
      }
      #expect(error?.message.contains("is append-only") == true)
      await #expect(throws: PostgresError.self) {
        try await owned.execute("SET session_replication_role = 'replica'")
      }
      try await owned.expectSoundLedger()
    }
  }
}
