import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import AuditMirror

/// A mirror that looks at PostgreSQL many times a second reads there what is new to it, and nothing else.
@Suite struct TrailPlanTests {
  @Test(arguments: ["", "ANALYZE trust_budget.audit_entries"])
  func `what lies before a position, or beyond the horizon, is not read`(
    statistics: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      // 50,000 entries of transactions 1 to 500.
      try await database.execute(
        """
        INSERT INTO trust_budget.audit_entries
               (epoch, transaction_id, node, occurred_at, budget_id, budget_seq, kind, cost,
                balance_before, balance_after, request_id, detail, hash)
        SELECT 1, (1 + n / 100)::text::xid8, 'filler', now(), 'filler', n + 1, 'charge', 1, 2, 1,
               'filler-' || n, '{}', sha256('')
        FROM generate_series(0, 49999) AS n
        """)
      try await database.execute(statistics)
      let page = ReadTrailPage<MirroredEntry>.sql
      let part = ReadFilteredPage<MirroredEntry>.sql
      let filter = ["NULL::text", "'alice'", "NULL::timestamptz", "NULL::timestamptz"]
      // Epoch, transaction, number; horizon; limit.
      for (horizon, rows) in [("251", 100), ("250", 0)] {
        let values = ["1", "'249'::xid8", "9223372036854775807", "'\(horizon)'::xid8", "8192"]
        for (sql, values) in [(page, values), (part, values + filter)] {
          let blocks = try await database.blocks(readBy: sql, values)
          #expect(blocks < 40, "\(blocks) for \(rows) rows: \(sql)")
        }
      }
      let next = try await database.blocks(readBy: FindNextEpoch<MirroredEntry>.sql, ["1"])
      #expect(next < 10)
    }
  }
}

extension TestDatabase {
  /// How many blocks of 8 kB a statement of a mirror's session looks at.
  fileprivate func blocks(readBy sql: String, _ values: [String]) async throws -> Int {
    let text = values.enumerated().reversed().reduce(sql) { sql, value in
      sql.replacing("$\(value.offset + 1)", with: value.element)
    }
    let configuration = try TrailReader.configuration(
      connectionString: connectionString, applicationName: "test")
    return try await PostgresConnection.with(configuration) { connection in
      let plan = try await connection.run {
        try $0.query("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) \(text)")
      }
      // The first line about them is that of the whole.
      let total = try #require(plan.rows.compactMap { $0[0] }.first { $0.contains("Buffers: ") })
      return total.matches(of: #/(?:hit|read)=(\d+)/#).reduce(0) { $0 + (Int($1.1) ?? 0) }
    }
  }
}
