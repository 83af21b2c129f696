import BudgetLedger
import Foundation
import LibPQ
import PrivatePostgres

/// A database of a measurement's own, with the ledger's schema and some budgets.
struct Database {
  let connectionString: String
  let name: String

  /// - Parameter budgets: so many that have their first entry, as a node writes it; neither side then
  ///   pays for making them.
  static func make(on postgres: PrivatePostgres, budgets: Int) async throws -> Database {
    let name = "bench_" + UUID().uuidString.lowercased().replacing("-", with: "")
    try await run("CREATE DATABASE \(name)", on: postgres.connectionString)
    let database = Database(
      connectionString: postgres.connectionString(database: name), name: name)
    _ = try await MigrationRunner(connectionString: database.connectionString).up()
    try await run(
      """
      INSERT INTO trust_budget.audit_entries
             (epoch, budget_id, budget_seq, kind, cost, balance_before, balance_after, node,
              detail, occurred_at, hash)
      SELECT (e).epoch, (e).budget_id, (e).budget_seq, (e).kind, (e).cost, (e).balance_before,
             (e).balance_after, (e).node, (e).detail, (e).occurred_at,
             trust_budget.entry_hash(e, decode(repeat('00', 32), 'hex'), l.id)
      FROM trust_budget.ledger AS l CROSS JOIN (
        SELECT ROW(0, 1, '0', 'user:' || n, 1, 'allocation', NULL, 0, 0, 9007199254740991, NULL,
                   1, NULL, NULL, NULL, 'bench', json_build_object(
                     'initial_balance', 9007199254740991,
                     'reset_interval_microseconds', 100000 * 3600000000,
                     'window_started_at', to_char(now() AT TIME ZONE 'UTC',
                                                  'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
                   now(), '')::trust_budget.audit_entries
        FROM generate_series(1, \(budgets)) AS n) AS opened (e);
      INSERT INTO trust_budget.budgets
             (budget_id, initial_balance, reset_interval, window_started_at, window_seq, last_seq,
              last_hash)
      SELECT budget_id, balance_after, interval '100000 hours', occurred_at, 1, 1, hash
      FROM trust_budget.audit_entries;
      """, on: database.connectionString)
    try await database.rest()
    return database
  }

  /// Does now what PostgreSQL would do in the background after a load: whoever is measured next is not
  /// to pay for that.
  func rest() async throws {
    try await execute("VACUUM ANALYZE")
    try await execute("CHECKPOINT")
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
