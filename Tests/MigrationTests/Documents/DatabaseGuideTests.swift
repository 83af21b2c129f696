import BudgetLedger
import Foundation
import Testing
import TrustBudgetTesting

/// The queries that `docs/dba.md` gives to DBAs, as they stand there.
@Suite struct DatabaseGuideTests {
  /// The first query below a question.
  private func query(_ question: String) throws -> String {
    let guide = try String(
      contentsOf: Repository.root.appending(path: "docs/dba.md"), encoding: .utf8)
    let start = try #require(guide.range(of: question)).upperBound
    let block = try #require(
      guide[start...].firstMatch(of: #/```sql\n(?<sql>(?s:.)*?)```/#))
    return String(block.sql)
  }

  @Test func `those who run out are those that have little left, adjustments and all`() async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        """
        INSERT INTO trust_budget.budgets (budget_id, initial_balance, spent, adjustment)
        VALUES ('user:alice', 10, 10, 1000), ('user:bob', 10, 2, -7), ('user:carol', 10, 8, 0)
        """)
      let rows = try await database.query(try query("Who is running out?"))
      #expect(rows.map { $0[0] } == ["user:bob"])
    }
  }

  @Test(arguments: ["Pacific/Kiritimati", "Etc/GMT+12"])
  func `today is the day in UTC, wherever the session thinks that it is`(zone: String) async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.charge()
      let rows = try await database.withConnection { connection in
        try await connection.execute("SET timezone TO '\(zone)'")
        return try await connection.query(try query("Who used the most today?"))
      }
      #expect(rows.count == 1)
    }
  }

  @Test func `a trail of several epochs is restored in two steps, and goes on in a new one`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.charge()
      try await database.recordEmergency("1")
      _ = try await NewEpoch(
        connectionString: database.connectionString, reason: "a test"
      ).begin()
      try await database.charge()
      try await database.recordEmergency("2")
      try await TestDatabase.withEmptyDatabase { restored in
        try await database.copy(to: restored, "--schema-only")
        await #expect(throws: TestFailure.self) {
          try await database.copy(to: restored, "--data-only")
        }
        try await restored.execute(try query("So let them in between the two"))
        try await database.copy(to: restored, "--data-only")
        _ = try await NewEpoch(
          connectionString: restored.connectionString, reason: "a test"
        ).begin()
        try await restored.charge()
        try await restored.expectSoundLedger()
        #expect(try await restored.runner().verify().isSound)
        #expect(
          try await restored.count("SELECT count(*) FROM trust_budget.break_glass_events") == 2)
      }
    }
  }

  @Test(arguments: [
    "What happened to alice's budget", "Which charges has the CA", "Has anybody rewritten history?",
    "What emergency certificates",
  ])
  func `the other questions are asked in SQL that runs`(question: String) async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute(try query(question))
    }
  }
}
