import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// What was applied and what the program holds must be the same story.
@Suite struct HistoryTests {
  @Test(arguments: ["checksum = sha256('')", "name = 'old'"])
  func `a migration that was changed or renamed after it was applied is refused, and named`(
    change: String
  ) async throws {
    try await expectRefusal(
      after: "UPDATE trust_budget.schema_migrations SET \(change) WHERE version = 1",
      saying: Migrations.embedded[0].label)
  }

  @Test func `a version that was left out is refused, and named`() async throws {
    try await expectRefusal(
      after: "DELETE FROM trust_budget.schema_migrations WHERE version = 1",
      saying: "Migration 1 is missing")
  }

  @Test func `a database that is ahead of the program is refused`() async throws {
    let known = Int64(Migrations.embedded.count)
    try await expectRefusal(
      after: """
        INSERT INTO trust_budget.schema_migrations
        SELECT \(known + 1), 'future', sha256(''), now(), now(), '99'
        """,
      saying: "this program knows \(known)")
  }

  @Test func `a checkout with CRLF line endings is the same migration`() async throws {
    let converted = Migrations.embedded.map { migration in
      Migration(
        version: migration.version, name: migration.name,
        up: migration.up.split(separator: "\n", omittingEmptySubsequences: false)
          .joined(separator: "\r\n"),
        down: migration.down)
    }
    #expect(converted.map(\.up) != Migrations.embedded.map(\.up))
    try await TestDatabase.withEmptyDatabase { database in
      let connectionString = database.connectionString
      let applied = try await MigrationRunner(
        connectionString: connectionString, migrations: converted
      ).up()
      #expect(applied.count == converted.count)
      let more = try await MigrationRunner(connectionString: connectionString).up()
      #expect(more == [])
    }
    try await TestDatabase.withLedger { database in
      let runner = MigrationRunner(
        connectionString: database.connectionString, migrations: converted)
      let applied = try await runner.up()
      #expect(applied == [])
    }
  }

  @Test(arguments: [
    ("UPDATE trust_budget.schema_migrations SET checksum = sha256('')", false),
    ("DELETE FROM trust_budget.schema_migrations WHERE version > 1", true),
    (
      """
      INSERT INTO trust_budget.schema_migrations
      SELECT 99, 'future', sha256(''), now(), now(), '99'
      """, true
    ),
    ("DROP SCHEMA trust_budget CASCADE", true),
    ("DELETE FROM trust_budget.ledger", true),
  ])
  func `a node works on the schema that it knows, and says what is wrong with another`(
    change: String, isRefused: Bool
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute(change)
      try await database.withNodes(1) {
        $0.patience = isRefused ? .seconds(10) : .seconds(20)
      } _: { nodes in
        let outcome = await nodes[0].outcome(of: try .charging("user:alice"))
        #expect(outcome.isCharged == !isRefused)
        guard isRefused else { return }
        guard case .unavailable(let reason) = outcome.error else {
          Issue.record("\(outcome)")
          return
        }
        #expect(reason.contains("schema") || reason.contains("ledger"))
      }
    }
  }

  /// Expects that neither `up` nor `status` accepts a history, and that both say why.
  private func expectRefusal(after change: String, saying words: String) async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute(change)
      let runner = MigrationRunner(connectionString: database.connectionString)
      let errors = [
        await #expect(throws: MigrationError.self) { try await runner.up() },
        await #expect(throws: MigrationError.self) { _ = try await runner.status() },
      ]
      for error in errors {
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
      }
    }
  }
}
