import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// The views say what a charge would find.
@Suite struct BudgetStatusTests {
  @Test func `budget_status shows every budget as the domain does after a due reset`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        """
        SELECT setseed(0.42);
        INSERT INTO trust_budget.budgets
               (budget_id, initial_balance, adjustment, spent, reset_interval, window_started_at)
        SELECT 'user:u' || n,
               (random() * 1000)::bigint, (random() * 100 - 50)::bigint, (random() * 1000)::bigint,
               CASE WHEN n % 7 = 0 THEN NULL
                    -- From a millisecond to some years, at odd microseconds.
                    ELSE power(10, 3 + random() * 11)::bigint * interval '1 microsecond' END,
               -- Up to twenty years ago, and some in the future: a clock went backwards.
               now() - (random() * 20.5 - 0.5) * interval '365 days 1 microsecond'
        FROM generate_series(1, 3000) AS n;
        -- What a DBA may have written by hand.
        UPDATE trust_budget.budgets SET reset_interval = interval '1 day' WHERE budget_id LIKE '%8';
        UPDATE trust_budget.budgets SET reset_interval = interval '2 days 30 minutes'
        WHERE budget_id LIKE '%9';
        """)
      try await database.withConnection { connection in
        let (now, budgets, statuses) = try await connection.run { session in
          try session.executeScript("BEGIN ISOLATION LEVEL REPEATABLE READ")
          let (now, budgets, statuses) = try session.pipeline(
            TransactionTime(), ReadAllBudgets(), ReadStatus())
          return (now.first, budgets, statuses)
        }
        let moment = try #require(now)
        #expect(statuses.count == 3_000)
        let expected = Dictionary(
          uniqueKeysWithValues: budgets.map { ($0.id, $0.afterDueReset(at: moment)) })
        for status in statuses {
          #expect(status.budget == expected[status.budget.id])
          #expect(status.resetsAt == status.budget.resetsAt)
          #expect(status.balance == status.budget.balance)
        }
        #expect(budgets.count { $0.dueWindowStart(at: moment) != nil } > 500)
      }
    }
  }

  @Test func `pages of budgets by status agree with budget_status`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        """
        INSERT INTO trust_budget.budgets
               (budget_id, initial_balance, spent, reset_interval, window_started_at)
        SELECT 'user:u' || n, n % 4, n % 6,
               CASE WHEN n % 3 = 0 THEN interval '1 hour' END, now() - n % 5 * interval '40 minutes'
        FROM generate_series(1, 60) AS n;
        """)
      try await database.withNodes(1) { nodes in
        for status in BudgetQuery.Status.allCases {
          let comparison =
            switch status {
            case .available: "> 0"
            case .low: "* 5 < initial_balance"
            case .exhausted: "<= 0"
            }
          let expected = try await database.query(
            """
            SELECT budget_id FROM trust_budget.budget_status WHERE balance \(comparison)
            ORDER BY budget_id
            """)
          let page = try await nodes[0].reader.budgets(BudgetQuery(status: status, limit: 100))
          #expect(page.budgets.map(\.id.value) == expected.map { $0[0] })
        }
      }
    }
  }

  @Test func `unsettled_charges lists those of which the CA has said nothing`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        for id in ["open", "settled", "refunded"] {
          _ = try await nodes[0].perform(.charging("user:alice", requestID: id))
        }
        _ = try await nodes[0].perform(.settling("settled", of: ["user:alice"]))
        _ = try await nodes[0].perform(.refunding("refunded", of: ["user:alice"]))
      }
      let open = try await database.query("SELECT request_id FROM trust_budget.unsettled_charges")
      #expect(open == [["open"]])
      let usage = try await database.query(
        """
        SELECT username, charges, denials, refunds, points_charged, points_refunded
        FROM trust_budget.usage_by_user_day
        """)
      #expect(usage == [["alice", "3", "0", "1", "3", "1"]])
    }
  }
}

/// `now()`, which is the transaction's time.
private struct TransactionTime: PostgresStatement {
  static let sql = "SELECT now()"

  static func decode(_ row: inout PostgresRow) throws -> Timestamp {
    try Timestamp(try row.next(PostgresTimestamp.self))
  }
}

/// A row of the view: the budget's own columns as `Budget` reads them, and those that follow.
private struct ReadStatus: PostgresStatement {
  struct Status: Sendable {
    let budget: Budget
    let balance: Int64
    let resetsAt: Timestamp?
  }

  static let sql = """
    SELECT s.budget_id, s.initial_balance, s.adjustment, s.spent, s.reset_interval,
           s.window_started_at, b.window_seq, b.last_seq, b.last_hash, s.balance, s.resets_at
    FROM trust_budget.budget_status AS s JOIN trust_budget.budgets AS b USING (budget_id)
    """

  static func decode(_ row: inout PostgresRow) throws -> Status {
    Status(
      budget: try Budget(decoding: &row), balance: try row.next(Int64.self),
      resetsAt: try row.next(PostgresTimestamp?.self).map { try Timestamp($0) })
  }
}
