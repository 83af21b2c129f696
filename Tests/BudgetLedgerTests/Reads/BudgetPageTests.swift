import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Budgets with little left, among so many that no statement looks at all of them.
@Suite struct BudgetPageTests {
  /// In the order of their names; of the budgets in between, nothing is spent.
  private static let exhausted = [
    "group:0", "user:00007", "user:00008", "user:09000", "user:24000", "user:25000", "users",
  ]

  private func withManyBudgets(
    _ body: (LedgerReader) async throws -> Void
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        """
        INSERT INTO trust_budget.budgets (budget_id, initial_balance)
        SELECT 'user:' || to_char(n, 'FM00000'), 4 FROM generate_series(1, 25000) AS n;
        INSERT INTO trust_budget.budgets (budget_id, initial_balance)
        VALUES ('group:0', 4), ('user', 4), ('user;', 4), ('users', 4);
        UPDATE trust_budget.budgets SET spent = 4
        WHERE budget_id IN ('\(Self.exhausted.joined(separator: "', '"))')
        """)
      try await body(try database.node().reader)
    }
  }

  @Test func `a page is filled from as far as need be`() async throws {
    try await withManyBudgets { reader in
      let all = try await reader.budgets(
        BudgetQuery(status: .exhausted, limit: 100), within: .seconds(60))
      #expect(all.budgets.map(\.id.value) == Self.exhausted)
      #expect(all.cursor == nil)
      let some = try await reader.budgets(
        BudgetQuery(status: .exhausted, limit: 5), within: .seconds(60))
      #expect(some.budgets.map(\.id.value) == Self.exhausted.dropLast(2))
      #expect(some.cursor == "user:24000")
    }
  }

  @Test(arguments: [1, 2, 3, 100])
  func `a page for which there is no more time ends short, and the next one goes on from there`(
    limit: Int
  ) async throws {
    try await withManyBudgets { reader in
      for prefix in ["", "user:", "users"] {
        var found: [String] = []
        var emptyPages = 0
        var cursor: String?
        repeat {
          let page = try await reader.budgets(
            BudgetQuery(prefix: prefix, status: .exhausted, after: cursor ?? "", limit: limit),
            within: .zero)
          #expect(page.budgets.count <= limit)
          found += page.budgets.map(\.id.value)
          if page.budgets.isEmpty { emptyPages += 1 }
          cursor = page.cursor
        } while cursor != nil
        #expect(found == Self.exhausted.filter { $0.hasPrefix(prefix) })
        // Those from 10,000 to 20,000, in which nothing is to be found.
        #expect((emptyPages > 0) == (prefix != "users"))
      }
    }
  }

  @Test func `where every budget is wanted, the last page is the one that has the last`()
    async throws
  {
    try await withManyBudgets { reader in
      let first = try await reader.budgets(BudgetQuery(prefix: "user:0000", limit: 5))
      #expect(first.budgets.map(\.id.value) == (1...5).map { "user:0000\($0)" })
      #expect(first.cursor == "user:00005")
      let last = try await reader.budgets(
        BudgetQuery(prefix: "user:0000", after: "user:00005", limit: 4))
      #expect(last.budgets.map(\.id.value) == (6...9).map { "user:0000\($0)" })
      #expect(last.cursor == nil)
      let all = try await reader.budgets(BudgetQuery(limit: 100_000), within: .seconds(60))
      #expect(all.budgets.count == 25_004)
      #expect(all.cursor == nil)
    }
  }

  @Test(arguments: [
    ("", nil), ("user:", "user;"), ("user:é", "user:ê"), ("a\u{7F}", "a\u{80}"),
    ("a\u{D7FF}", "a\u{E000}"), ("a\u{10FFFF}", "b"), ("\u{10FFFF}", nil),
  ])
  func `names that begin alike end where the next beginning is`(prefix: String, end: String?) {
    #expect(BudgetQuery(prefix: prefix, limit: 1).end == end)
  }
}
