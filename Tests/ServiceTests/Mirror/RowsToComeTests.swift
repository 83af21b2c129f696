import BudgetLedger
import Testing
import TrustBudgetTesting

/// How far behind a file is, as the commands count it.
@Suite struct RowsToComeTests {
  @Test func `where more entries are to come than are counted, JSON says so as the text does`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await TemporaryDirectory.with { directory in
        let path = directory.file("empty.db")
        let url = database.connectionString
        let export = try await Program.run(
          "audit", "export", "--format", "sqlite", "--out", path, "--database-url", url)
        #expect(export.status == 0, "\(export.errors)")
        try await database.withNodes(1) { nodes in
          let answer = try await nodes[0].perform(.charging("user:alice"))
          #expect(answer.isCharged)
        }
        for isMore in [false, true] {
          // A million charges would take minutes.
          if isMore {
            try await database.execute(
              """
              ALTER TABLE trust_budget.audit_entries RENAME TO few_entries;
              CREATE VIEW trust_budget.audit_entries AS
              SELECT few.* FROM trust_budget.few_entries AS few, generate_series(1, 1000001);
              """)
          }
          for command in [
            ["status", "--audit-file", path, "--database-url", url],
            ["verify", "--file", path, "--against", url],
          ] {
            let text = try await Program.run(["audit"] + command)
            #expect(
              text.output.contains("more than 1000000 entries") == isMore, "\(text.output)")
            let json = try await Program.run(["audit"] + command + ["--json"])
            #expect(json.json["entries_to_come_is_minimum"] == .bool(isMore), "\(json.output)")
            #expect((json.json["entries_to_come"] == 1_000_000) == isMore)
          }
        }
      }
    }
  }
}
