import AuditMirror
import BudgetLedger
import Foundation
import Testing
import TrustBudget
import TrustBudgetTesting

/// The names that people know give right answers, on the live file, while it is written.
@Suite struct QueryTests {
  @Test func `balances are right after resets, due ones and fractions of an hour too`()
    async throws
  {
    try await TestDatabase.withAuditFile { database, path in
      let file = MirrorFile(path: path)
      try await database.withNodes(1) { nodes in
        let short = try ResetInterval(microseconds: 700_000)
        let long = try ResetInterval(hours: 0.25)
        try await database.withMirror(at: path) { _ in
          _ = try await nodes[0].perform(
            .charging("user:short", cost: 90, resetInterval: short))
          _ = try await nodes[0].perform(.charging("user:long", cost: 90, resetInterval: long))
          _ = try await nodes[0].perform(.charging("user:never", cost: 60))
          try await database.expectMirrored(in: path)
          try await expectSoon {
            try file.query("SELECT balance, current_balance FROM budgets ORDER BY budget_id")
              == [["10", "10"], ["40", "40"], ["100", "10"]]
          }
          // As design and auditors have it, word for word.
          let low = try file.query(
            "SELECT budget_id, balance, initial_balance FROM budgets "
              + "WHERE balance < initial_balance * 0.2;")
          #expect(low == [["user:long", "10", "100"]])
          #expect(
            try file.query(
              "SELECT reset_interval_hours FROM budgets WHERE budget_id = 'user:long'")
              == [["0.25"]])

          // A charge in a later window writes the reset, and the file says the same.
          _ = try await nodes[0].perform(.charging("user:short", cost: 5, resetInterval: short))
          try await database.expectMirrored(in: path)
          let row = try file.query(
            "SELECT current_balance FROM budgets WHERE budget_id = 'user:short'")
          #expect(row == [["95"]])
          let budget = try await nodes[0].reader.budget(try BudgetID("user:long"))
          #expect(budget?.balance == 10)
        }
      }
    }
  }

  @Test func `both queries answer under load, and neither waits for the other side`()
    async throws
  {
    try await TestDatabase.withAuditFile { database, path in
      let file = MirrorFile(path: path)
      try await database.withNodes(2) { nodes in
        try await database.withMirror(at: path) { _ in
          try await expectSoon { file.entries >= 0 }
          async let writing = RandomTrail.write(3_000, on: nodes)
          for _ in 0..<50 {
            _ = try file.query(
              "SELECT budget_id, balance, initial_balance FROM budgets "
                + "WHERE balance < initial_balance * 0.2;")
            let rows = try file.query(
              "SELECT budget_id, username, cost, timestamp FROM transactions "
                + "WHERE timestamp > datetime('now', '-1 hour') ORDER BY cost DESC;")
            let costs = rows.compactMap { $0[2].flatMap { Int($0) } }
            #expect(costs == costs.sorted(by: >))
            // Where nothing is awaited, a balance is that of the last entry there is.
            #expect(
              try file.query(
                """
                SELECT budget_id, current_balance, max(budget_seq), balance_after
                FROM budgets JOIN audit_entries USING (budget_id)
                WHERE budget_id NOT IN (SELECT budget_id FROM awaited)
                GROUP BY budget_id HAVING current_balance IS NOT balance_after
                """) == [])
          }
          _ = try await writing
          try await database.expectMirrored(in: path)
          // Each budget's row of the ledger, from the entries alone.
          let rows = try await database.query(
            """
            SELECT budget_id, initial_balance, adjustment, spent, balance, window_seq, last_seq,
                   encode(last_hash, 'hex')
            FROM trust_budget.budgets ORDER BY budget_id
            """)
          #expect(
            try file.query(
              """
              SELECT budget_id, s.initial_balance, adjustment,
                     s.initial_balance + adjustment - current_balance, current_balance, window_seq,
                     max(budget_seq), lower(hex(hash))
              FROM budget_states AS s JOIN budgets USING (budget_id)
                   JOIN audit_entries USING (budget_id)
              GROUP BY budget_id ORDER BY budget_id
              """) == rows)
          let charged = try await database.count(
            """
            SELECT count(*) FROM trust_budget.audit_entries
            WHERE kind = 'charge' AND occurred_at > now() - interval '1 hour'
            """)
          #expect(
            file.count(
              "SELECT count(*) FROM transactions WHERE timestamp > datetime('now', '-1 hour')")
              == charged)
        }
      }
    }
  }

  @Test func `the queries of the documentation run`() async throws {
    try await TestDatabase.withAuditFile { database, path in
      _ = try await database.withNodes(1) { try await RandomTrail.write(300, on: $0) }
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
      }
      let document = try String(
        contentsOf: Repository.root.appending(path: "docs/audit-format.md"), encoding: .utf8)
      let section = try #require(document.components(separatedBy: "### Ten useful queries").last)
      let queries = try #require(section.firstMatch(of: /```sql\n((?s).*?)```/)).1
      #expect(queries.split(separator: ";\n").count == 10)
      try MirrorFile(path: path).execute(String(queries))
      let emergencies = try #require(
        document.components(separatedBy: "### Four about emergencies").last)
      let others = try #require(emergencies.firstMatch(of: /```sql\n((?s).*?)```/)).1
      #expect(others.split(separator: ";\n").count == 4)
      try MirrorFile(path: path).execute(String(others))
    }
  }
}
