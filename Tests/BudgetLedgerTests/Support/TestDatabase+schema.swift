import TrustBudgetTesting

@testable import BudgetLedger

extension TestDatabase {
  func hasSchema() async throws -> Bool {
    try await count("SELECT count(*) FROM pg_namespace WHERE nspname = 'trust_budget'") == 1
  }

  /// Whether the schema has a table with this name.
  func hasTable(_ name: String) async throws -> Bool {
    try await query("SELECT to_regclass('trust_budget.\(name)') IS NOT NULL") == [["t"]]
  }
}

extension Migration {
  /// One more migration, after those that the program has.
  static func extra(_ up: String) -> Migration {
    Migration(
      version: Int64(Migrations.embedded.count + 1), name: "extra", up: up, down: nil)
  }
}
