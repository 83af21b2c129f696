import BudgetLedger
import LibPQ
import Testing
import TrustBudget

extension TestDatabase {
  /// Checks what must hold of every ledger at any time: each budget's entries replay to its row,
  /// numbers are dense, chains verify (here and by PostgreSQL), and no charge that is enforced took
  /// what was not there.
  package func expectSoundLedger(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let faults = try await ledgerFaults()
    #expect(faults == [], sourceLocation: sourceLocation)
    let faultsInSQL = try await query("SELECT * FROM trust_budget.verify_all_budgets()")
    #expect(faultsInSQL == [], sourceLocation: sourceLocation)
    let overdrawn = try await query(
      """
      SELECT budget_id, budget_seq FROM trust_budget.audit_entries
      WHERE kind = 'charge' AND cost > 0 AND balance_after < 0
        AND detail ->> 'enforcement' IS DISTINCT FROM 'observe'
      """)
    #expect(overdrawn == [], sourceLocation: sourceLocation)
    let misnumbered = try await query(
      """
      SELECT b.budget_id FROM trust_budget.budgets AS b
      LEFT JOIN (SELECT budget_id, count(*) AS entries, max(budget_seq) AS last_seq
                 FROM trust_budget.audit_entries GROUP BY budget_id) AS e USING (budget_id)
      WHERE (b.last_seq, b.last_seq) IS DISTINCT FROM (e.last_seq, e.entries)
      """)
    #expect(misnumbered == [], sourceLocation: sourceLocation)
  }

  /// What `LedgerAudit` finds wrong.
  package func ledgerFaults() async throws -> [String] {
    try await withConnection { connection in
      try await connection.run { try LedgerAudit.report(on: $0).faults.map(\.description) }
    }
  }

  /// How many entries of each kind there are, `["charge": 100, …]`.
  package func entryCounts() async throws -> [String: Int] {
    let rows = try await query(
      "SELECT kind, count(*) FROM trust_budget.audit_entries GROUP BY kind")
    return Dictionary(
      uniqueKeysWithValues: rows.map { row in
        (row[0] ?? "", row[1].flatMap { Int($0) } ?? 0)
      })
  }
}
