import BudgetLedger
import Foundation
import PrivatePostgres
import TrustBudget

/// COPY of a ledger's entries into the same table with its indexes, in one session: the fastest that
/// PostgreSQL takes such rows in.
struct CopyLimit {
  let database: Database

  /// Rows a second.
  func rate(on postgres: PrivatePostgres) async throws -> Double {
    let file = FileManager.default.temporaryDirectory.appending(path: "copy-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let count = try Tool.run(
      "psql",
      [
        "-XqAt", database.connectionString, "-c",
        "\\copy (SELECT \(Entry.columns) FROM trust_budget.audit_entries "
          + "ORDER BY entry_id) TO '\(file.path(percentEncoded: false))'", "-c",
        "SELECT count(*) FROM trust_budget.audit_entries",
      ])
    let rows = Double(count.filter(\.isNumber)) ?? 0
    let target = try await Database.make(on: postgres, budgets: 0)
    let start = ContinuousClock.now
    _ = try Tool.run(
      "psql",
      [
        "-Xq", target.connectionString, "-c",
        "\\copy trust_budget.audit_entries (\(Entry.columns)) "
          + "FROM '\(file.path(percentEncoded: false))'",
      ])
    let rate = rows / ((ContinuousClock.now - start) / .seconds(1))
    try await target.drop(on: postgres)
    return rate
  }
}
