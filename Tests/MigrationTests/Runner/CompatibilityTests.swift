import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Programs and schemas of different ages.
@Suite struct CompatibilityTests {
  private static let known = Int64(Migrations.embedded.count)

  private let compatible = Migration.next(
    "-- compatible-with: \(known)\nALTER TABLE trust_budget.budgets ADD COLUMN extra text;")

  @Test func `an old program goes on charging while a compatible migration is applied`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        let files = Migrations.embedded + [compatible]
        async let applied = database.runner(files).up()
        try await charge(nodes, count: 60)
        #expect(try await applied == [compatible])
        // Those that connect only now see the newer schema from the start.
        try await database.terminateSessions(where: "application_name LIKE 'trust-budget node%'")
        try await charge(nodes, count: 60)
      }
      #expect(try await database.runner().up() == [])
      #expect(try await database.ledgerFaults() == [])
    }
  }

  @Test func `an old program refuses a newer schema that does not know it`() async throws {
    try await TestDatabase.withLedger { database in
      let files = Migrations.embedded + [.next("SELECT 1;")]
      _ = try await database.runner(files).up()
      await expectProblem(
        .new(found: Self.known + 1, known: Self.known), of: .embedded, in: database)
      // A compatible one on top of it changes nothing.
      let later = Migration(
        version: Self.known + 2, name: "later",
        up: "-- compatible-with: \(Self.known + 1)\nSELECT 1;", down: nil)
      _ = try await database.runner(files + [later]).up()
      await expectProblem(
        .new(found: Self.known + 2, known: Self.known), of: .embedded, in: database)
    }
  }

  @Test func `an old program that is at work stops once it sees such a schema`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1, configure: { $0.patience = .milliseconds(500) }) { nodes in
        try await charge(nodes, count: 20)
        _ = try await database.runner(Migrations.embedded + [.next("SELECT 1;")]).up()
        let problem = SchemaProblem.new(found: Self.known + 1, known: Self.known)
        await #expect(throws: problem) { try await nodes[0].check() }
        for number in 0..<7 {
          await #expect(throws: LedgerError.unavailable(reason: "\(problem)")) {
            try await nodes[0].charge("user:\(number)")
          }
        }
        await #expect(throws: problem) {
          try await TokenStore(connectionString: database.connectionString).create(
            name: "late", roles: [.admin], secret: .random(), lifetime: nil)
        }
        await #expect(throws: problem) { try await nodes[0].reader.checkVersion() }
        await #expect(throws: problem) {
          try await NewEpoch(
            connectionString: database.connectionString, reason: "a test"
          ).begin()
        }
        #expect(try await database.count("SELECT epoch FROM trust_budget.ledger") == 1)
      }
    }
  }

  @Test func `a new program works on an old schema that lacks only what is optional`() async throws
  {
    try await TestDatabase.withLedger { database in
      let optional = Migration.next("-- optional\nSELECT 1;")
      let check = SchemaCheck(Migrations.embedded + [optional])
      let ledger = try await identity(check, in: database)
      #expect(ledger.epoch == 1)
      let needed = SchemaCheck(Migrations.embedded + [.next("SELECT 1;")])
      await expectProblem(.old(found: Self.known, needed: Self.known + 1), of: needed, in: database)
    }
  }

  @Test func `a migration that was begun and not finished is not there yet`() async throws {
    try await TestDatabase.withLedger { database in
      let needed = SchemaCheck.embedded.needed
      try await database.execute(
        "UPDATE trust_budget.schema_migrations SET applied_at = NULL WHERE version >= \(needed)")
      await expectProblem(.old(found: needed - 1, needed: needed), of: .embedded, in: database)
    }
  }

  private func charge(_ nodes: [BudgetLedger], count: Int) async throws {
    for number in 0..<count {
      try await nodes[number % nodes.count].charge("user:\(number % 7)")
    }
  }

  private func identity(
    _ check: SchemaCheck, in database: TestDatabase
  ) async throws -> LedgerIdentity {
    try await database.withConnection { connection in
      try await connection.run { try check.ledger(on: $0).identity }
    }
  }

  private func expectProblem(
    _ problem: SchemaProblem, of check: SchemaCheck, in database: TestDatabase,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    await #expect(throws: problem, sourceLocation: sourceLocation) {
      try await identity(check, in: database)
    }
  }
}
