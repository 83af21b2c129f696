import BudgetLedger
import Foundation
import LibPQ
import PrivatePostgres

/// A database of a measurement's own, with the ledger's schema and some budgets.
struct Database {
  let connectionString: String
  let name: String

  /// - Parameter budgets: made as if each had been charged once, which is when it has its first
  ///   entries; neither side then pays for making them.
  static func make(on postgres: PrivatePostgres, budgets: Int) async throws -> Database {
    let name = "bench_" + UUID().uuidString.lowercased().replacing("-", with: "")
    try await run("CREATE DATABASE \(name)", on: postgres.connectionString)
    let database = Database(
      connectionString: postgres.connectionString(database: name), name: name)
    _ = try await MigrationRunner(connectionString: database.connectionString).up()
    try await run(
      """
      INSERT INTO trust_budget.budgets
             (budget_id, initial_balance, reset_interval, window_seq, last_seq)
      SELECT 'user:' || n, 9007199254740991, interval '100000 hours', 1, 1
      FROM generate_series(1, \(budgets)) AS n;
      INSERT INTO trust_budget.audit_entries
             (epoch, budget_id, budget_seq, kind, cost, balance_before, balance_after, node,
              detail, occurred_at, hash)
      SELECT 1, budget_id, 1, 'allocation', 0, 0, balance, 'bench', '{}', now(), last_hash
      FROM trust_budget.budgets;
      """, on: database.connectionString)
    try await run("VACUUM ANALYZE", on: database.connectionString)
    try await run("CHECKPOINT", on: database.connectionString)
    return database
  }

  func execute(_ sql: String) async throws {
    try await Database.run(sql, on: connectionString)
  }

  func drop(on postgres: PrivatePostgres) async throws {
    try await Database.run("DROP DATABASE \(name) WITH (FORCE)", on: postgres.connectionString)
  }

  private static func run(_ sql: String, on connectionString: String) async throws {
    try await PostgresConnection.with(try PostgresConfiguration(connectionString)) { connection in
      try await connection.run { try $0.executeScript(sql) }
    }
  }
}
