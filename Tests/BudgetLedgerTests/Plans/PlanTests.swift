import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// A node's statements find their rows by an index or by their place, whether the tables hold none or a great many.
@Suite struct PlanTests {
  @Test func `a lane's statements scan no table, on empty tables and on full ones`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let sessions = LedgerSessions(
        connectionString: database.connectionString, settings: LedgerSettings(node: "node-1"))
      for growth in [nil, "", "ANALYZE trust_budget.budgets, trust_budget.audit_entries"] {
        if let growth {
          if growth.isEmpty { try await database.grow(budgets: 50_000, entries: 100_000) }
          try await database.execute(growth)
        }
        let connection = try await PostgresConnection.connect(try sessions.forLanes())
        let plans = try await connection.run { session in
          [
            try session.plan(LockBudgets.self), try session.plan(FindRequests.self),
            try session.plan(CreateBudgets.self), try session.plan(UpdateBudgets.self),
            try session.plan(InsertEntries.self), try session.plan(ReadMoment.self),
          ]
        }
        await connection.close()
        for plan in plans {
          #expect(!plan.contains("Seq Scan"), "\(growth ?? "empty"): \(plan)")
          #expect(!plan.contains("Bitmap"), "\(growth ?? "empty"): \(plan)")
        }
        // Locks and look-ups go through an index each, updates straight to the locked rows.
        #expect(plans[0].contains("Index Scan using budgets_pkey"), "\(plans[0])")
        #expect(plans[1].contains("using audit_entries_request"), "\(plans[1])")
        #expect(plans[3].contains("Tid Scan on budgets"), "\(plans[3])")
        #expect(plans[0].contains("LockRows"), "\(plans[0])")
      }
    }
  }

  @Test func `a page of emergencies is read off their index, without sorting, wherever it begins`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.growEmergencies(50_000)
      for statistics in ["", "ANALYZE trust_budget.break_glass_events"] {
        try await database.execute(statistics)
        for moment in ["infinity", "2026-01-01 00:00:01Z"] {
          let values = [
            "'\(moment)'::timestamptz", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "5", "100",
          ]
          let sql = values.enumerated().reduce(BreakGlassQuery.sql) { sql, value in
            sql.replacing("$\(value.offset + 1)", with: value.element)
          }
          let plan = try await database.query("EXPLAIN \(sql)").compactMap { $0[0] }
            .joined(separator: "\n")
          #expect(
            plan.contains("Index Scan Backward using break_glass_events_time"), "\(plan)")
          #expect(!plan.contains("Sort"), "\(plan)")
        }
      }
    }
  }

  @Test func `a node that began on an empty database scans no table when it has grown`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let before = try await database.tableScans()
      try await database.withNodes(1) {
        $0.lanes = 1
      } _: { nodes in
        // Often enough for every plan to be the one that stays.
        try await charge(nodes[0], rounds: 12)
        try await database.grow(budgets: 50_000, entries: 100_000)
        try await charge(nodes[0], rounds: 12)
        let written = try await database.entriesWritten()
        // A session reports what it did once a second at most, with the end of a transaction.
        let isReported = try await eventually {
          try await charge(nodes[0], rounds: 1)
          return try await database.entriesReported() >= written
        }
        #expect(isReported)
      }
      #expect(try await database.tableScans() == before)
    }
  }

  @Test func `what a node reads it finds by an index, though it began on an empty database`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        let reader = nodes[0].reader
        func read() async throws {
          for number in 0..<12 {
            _ = try await reader.charge(RequestID("filler-\(number + 1)"))
            _ = try await reader.confirmedCharge(RequestID("none-\(number)"))
            _ = try await reader.budget(BudgetID("filler:\(number + 1)"))
            _ = try await reader.budgets(BudgetQuery(prefix: "filler:1", limit: 10))
            _ = try await reader.budgets(
              BudgetQuery(prefix: "filler:1", status: .exhausted, limit: 10), within: .zero)
            _ = try await reader.entries(
              EntryQuery(budgetID: BudgetID("filler:1"), limit: 10))
          }
        }
        try await database.execute(
          """
          ALTER TABLE trust_budget.audit_entries SET (autovacuum_enabled = off);
          ALTER TABLE trust_budget.budgets SET (autovacuum_enabled = off)
          """)
        // A page or two, which is quicker to be read from one end to the other.
        for _ in 0..<5 { _ = try await nodes[0].perform(.charging("user:alice")) }
        try await read()
        try await database.grow(budgets: 50_000, entries: 100_000)
        let before = try await database.rowsScanned()
        try await read()
        // A session reports what it did when it ends, at the latest.
        await reader.close()
        let hasEnded = try await eventually {
          try await database.count(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE '% reader'
            """) == 0
        }
        #expect(hasEnded)
        #expect(try await database.rowsScanned() == before)
      }
    }
  }

  @Test(arguments: ["off", "local", "remote_write"])
  func `what is answered is on the disk, whatever the database's settings are`(setting: String)
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        "ALTER DATABASE \(database.name) SET synchronous_commit = \(setting)")
      let sessions = LedgerSessions(
        connectionString: database.connectionString, settings: LedgerSettings(node: "node-1"))
      for configuration in [try sessions.forLanes(), try sessions.forBreakGlass()] {
        let connection = try await PostgresConnection.connect(configuration)
        let found = try await connection.run { try $0.query("SHOW synchronous_commit").rows[0][0] }
        await connection.close()
        #expect(found == "on")
      }
    }
  }

  @Test func `a lane finds rows by their place, whatever the database's settings are`() async throws
  {
    try await TestDatabase.withLedger { database in
      for setting in ["tidscan", "indexscan", "indexonlyscan", "nestloop", "sort"] {
        try await database.execute("ALTER DATABASE \(database.name) SET enable_\(setting) = off")
      }
      let sessions = LedgerSessions(
        connectionString: database.connectionString, settings: LedgerSettings(node: "node-1"))
      let connection = try await PostgresConnection.connect(try sessions.forLanes())
      let plans = try await connection.run { session in
        [try session.plan(LockBudgets.self), try session.plan(UpdateBudgets.self)]
      }
      await connection.close()
      #expect(plans[0].contains("Index Scan using budgets_pkey"), "\(plans[0])")
      #expect(plans[1].contains("Tid Scan on budgets"), "\(plans[1])")
    }
  }

  /// One charge of each kind, several times: new budgets and old ones, known ids and new ones.
  private func charge(_ node: BudgetLedger, rounds: Int) async throws {
    for _ in 0..<rounds {
      let answers = try await concurrently(8) { number in
        _ = try await node.perform(.charging("user:u\(Int.random(in: 0..<1_000_000))"))
        return try await node.perform(.charging("group:g\(number)", initialBalance: 1_000_000))
      }
      #expect(answers.allSatisfy { $0.isCharged })
    }
  }
}

extension PostgresSession {
  /// The generic plan of a statement, as this session would use it.
  fileprivate func plan<Statement: PostgresStatement>(_: Statement.Type) throws -> String {
    let name = "explained"
    let types = try Statement.parameterTypes.map { type in
      try query("SELECT format_type(\(type.rawValue), NULL)").rows[0][0] ?? ""
    }
    let declared = types.isEmpty ? "" : "(\(types.joined(separator: ", ")))"
    try executeScript("PREPARE \(name) \(declared) AS \(Statement.sql)")
    defer { try? executeScript("DEALLOCATE \(name)") }
    let values = types.isEmpty ? "" : "(\(types.map { _ in "NULL" }.joined(separator: ", ")))"
    return try query("EXPLAIN EXECUTE \(name) \(values)").rows.compactMap { $0[0] }
      .joined(separator: "\n")
  }
}

extension TestDatabase {
  /// Fills the tables with rows that make no sense as a ledger, and as much work for a plan.
  fileprivate func grow(budgets: Int, entries: Int) async throws {
    try await execute(
      """
      INSERT INTO trust_budget.budgets (budget_id, initial_balance)
      SELECT 'filler:' || n, 100 FROM generate_series(1, \(budgets)) AS n;
      INSERT INTO trust_budget.audit_entries
             (epoch, node, occurred_at, budget_id, budget_seq, kind, cost, balance_before,
              balance_after, request_id, detail, hash)
      SELECT 1, 'filler', now(), 'filler:' || n % \(budgets) + 1, n / \(budgets) + 1, 'charge', 1,
             2, 1, 'filler-' || n, '{}', sha256('')
      FROM generate_series(1, \(entries)) AS n;
      """)
  }

  /// As many events, one a second, of no journal that was ever kept.
  fileprivate func growEmergencies(_ count: Int) async throws {
    try await execute(
      """
      INSERT INTO trust_budget.break_glass_events
             (epoch, journal_id, node_seq, node, username, reason, approvers, principals,
              max_duration, max_duration_seconds, request_id, request, policy_digest, occurred_at,
              hash)
      SELECT 1, '0f8fad5b-d9cb-469f-a165-70867728950e', n, 'filler', 'alice', 'a drill', '{bob}',
             '{root}', '60s', 60, 'filler-' || n, '', sha256(''),
             timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second', sha256('')
      FROM generate_series(1, \(count)) AS n
      """)
  }

  /// How often the ledger's tables were read from one end to the other.
  fileprivate func tableScans() async throws -> [[String?]] {
    try await query(
      """
      SELECT relname, seq_scan FROM pg_stat_user_tables
      WHERE relname IN ('budgets', 'audit_entries') ORDER BY relname
      """)
  }

  /// How many rows were read on the way from one end of the ledger's tables to the other.
  fileprivate func rowsScanned() async throws -> [[String?]] {
    try await query(
      """
      SELECT relname, seq_tup_read FROM pg_stat_user_tables
      WHERE relname IN ('budgets', 'audit_entries') ORDER BY relname
      """)
  }

  fileprivate func entriesWritten() async throws -> Int {
    try await count("SELECT last_value FROM trust_budget.audit_entries_entry_id_seq")
  }

  /// The entries written as far as PostgreSQL's statistics know.
  fileprivate func entriesReported() async throws -> Int {
    try await count(
      "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'audit_entries'")
  }
}
