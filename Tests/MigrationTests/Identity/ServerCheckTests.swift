import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Failover and pg_upgrade, as the ledger's row would show them.
@Suite struct ServerCheckTests {
  /// As if the row had been written before a standby was promoted.
  private static let promoted = """
    UPDATE trust_budget.ledger SET timeline = 0, written_by = pg_current_xact_id()
    """
  /// As if it had been written before pg_upgrade, which numbers databases anew before PostgreSQL 15.
  private static let upgraded = """
    UPDATE trust_budget.ledger
    SET system_identifier = 1, database = 1, written_by = pg_current_xact_id()
    """

  @Test func `a promoted standby is recognised by a node that finds what it has seen, for all`()
    async throws
  {
    try await withEntries { database, head in
      try await database.query(Self.promoted)
      await expectProblem(.promoted(from: 0, to: 1), in: database, witness: nil)
      #expect(try await identity(in: database, witness: head).epoch == 1)
      // Whoever comes now has nothing to ask.
      #expect(try await identity(in: database, witness: nil).epoch == 1)
      #expect(
        try await database.query("SELECT event, epoch, timeline FROM trust_budget.ledger_history")
          == [["promoted", "1", "1"]])
      try await database.expectSoundLedger()
    }
  }

  @Test func `nodes at work go through it by themselves`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) {
        $0.lanes = 1
      } _: { nodes in
        try await nodes[0].charge("user:alice")
        // The session that sees the entry.
        try await database.terminateSessions(where: "application_name = 'trust-budget node-1'")
        try await nodes[0].charge("user:alice")
        try await database.query(Self.promoted)
        try await database.terminateSessions(where: "application_name = 'trust-budget node-1'")
        try await nodes[0].charge("user:alice")
      }
    }
  }

  @Test func `a node of which nobody asks anything goes through it, and says so for all`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        try await nodes[0].charge("user:alice")
        try await database.query(Self.promoted)
        #expect(try await nodes[0].reader.check().epoch == 1)
        #expect(try await identity(in: database, witness: nil).epoch == 1)
      }
    }
  }

  @Test func `what any lane has seen must be there, not only the newest entry`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        let lost = try Operation.charging("user:lost")
        // Of another lane.
        let kept = try #require(
          (0..<100).lazy.map { "user:kept-\($0)" }.first {
            (try? Operation.charging($0)).map { nodes[0].lane(of: $0) !== nodes[0].lane(of: lost) }
              ?? false
          })
        _ = try await nodes[0].perform(lost)
        try await nodes[0].charge(kept)
        try await database.execute(
          """
          ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER audit_entries_are_append_only;
          DELETE FROM trust_budget.audit_entries WHERE budget_id = 'user:lost';
          """)
        await #expect(throws: SchemaProblem.self) { try await nodes[0].reader.check() }
        try await database.terminateSessions(where: "application_name = 'trust-budget node-1'")
        let outcome = await nodes[0].outcome(of: try .charging(kept))
        guard case .unavailable(let reason) = outcome.error else {
          Issue.record("\(outcome)")
          return
        }
        #expect(reason.contains("entries were lost"))
      }
    }
  }

  @Test func `pg_upgrade is recognised by anybody`() async throws {
    try await withEntries { database, _ in
      try await database.query(Self.upgraded)
      #expect(try await identity(in: database, witness: nil).epoch == 1)
      #expect(
        try await database.query("SELECT event FROM trust_budget.ledger_history") == [["upgraded"]])
    }
  }

  @Test func `entries that were copied row by row are not taken for pg_upgrade's`() async throws {
    try await withEntries { database, head in
      // As logical replication leaves them: written by a transaction of this server's, and naming another's.
      try await database.execute(
        """
        ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER audit_entries_are_append_only;
        UPDATE trust_budget.audit_entries SET node = node;
        ALTER TABLE trust_budget.audit_entries ENABLE ALWAYS TRIGGER audit_entries_are_append_only;
        """)
      try await database.query(Self.upgraded)
      await expectProblem(.restored(otherServer: true), in: database, witness: nil)
      await expectProblem(.restored(otherServer: true), in: database, witness: head)
      _ = try await NewEpoch(
        connectionString: database.connectionString, reason: "moved by replication"
      ).begin()
      #expect(try await identity(in: database, witness: nil).epoch == 2)
    }
  }

  @Test func `a copy of the database is refused, once a node has looked at the original`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      // As test databases are made, of one that was only migrated.
      let virgin = try await database.withCopy { try await identity(in: $0, witness: nil) }
      #expect(virgin.epoch == 1)
      try await database.charge()
      try await database.withCopy { copy in
        await expectProblem(.restored(otherServer: false), in: copy, witness: nil)
        await #expect(throws: PostgresError.self) {
          try await copy.query("SELECT trust_budget.recognise_server(NULL, NULL, NULL)")
        }
        _ = try await NewEpoch(
          connectionString: copy.connectionString, reason: "a ledger for staging"
        ).begin()
        try await copy.charge()
      }
      #expect(try await identity(in: database, witness: nil).epoch == 1)
    }
  }

  @Test func `the migration notes where a charged ledger lives, if it is an original`()
    async throws
  {
    try await withEntries { database, _ in
      _ = try await database.runner().down(to: 6)
      _ = try await database.runner().up()
      try await database.withCopy { copy in
        await expectProblem(.restored(otherServer: false), in: copy, witness: nil)
      }
      _ = try await database.runner().down(to: 6)
      // Written by another transaction than it says, as from a dump.
      try await database.query("UPDATE trust_budget.ledger SET epoch = epoch")
      _ = try await database.runner().up()
      await expectProblem(.restored(otherServer: false), in: database, witness: nil)
    }
  }

  @Test(arguments: [false, true])
  func `a node that misses what it has seen refuses, until the owner begins a new epoch`(
    isPromoted: Bool
  ) async throws {
    try await withEntries { database, head in
      let lost = TrailHead(
        ledger: head.ledger, budgetID: head.budgetID, sequence: head.sequence + 1, hash: head.hash)
      if isPromoted { try await database.query(Self.promoted) }
      await expectProblem(.entriesLost(lost), in: database, witness: lost)
      _ = try await NewEpoch(
        connectionString: database.connectionString, reason: "failover"
      ).begin()
      #expect(try await identity(in: database, witness: lost).epoch == 2)
    }
  }

  @Test func `a node that suddenly finds another ledger refuses`() async throws {
    try await withEntries { database, head in
      let other = TrailHead(
        ledger: LedgerIdentity(id: "another", epoch: 1), budgetID: head.budgetID,
        sequence: head.sequence, hash: head.hash)
      await expectProblem(
        .otherLedger(found: head.ledger.id, expected: "another"), in: database, witness: other)
    }
  }

  @Test func `what is not so is not recognised, whoever asks`() async throws {
    try await withEntries { database, head in
      try await database.query(Self.promoted)
      for arguments in ["NULL, NULL, NULL", "'user:alice', 99, '\\x00'"] {
        await #expect(throws: PostgresError.self) {
          try await database.query("SELECT trust_budget.recognise_server(\(arguments))")
        }
      }
      try await database.query("UPDATE trust_budget.ledger SET timeline = 0")
      await expectProblem(.restored(otherServer: false), in: database, witness: head)
      #expect(try await database.query("SELECT * FROM trust_budget.ledger_history") == [])
    }
  }

  private func withEntries(
    _ body: (TestDatabase, TrailHead) async throws -> Void
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.charge()
      let head = try await database.withConnection { connection in
        try await connection.run { try $0.execute(ReadTrailHead()).first }
      }
      try await body(database, try #require(head))
    }
  }

  private func identity(
    in database: TestDatabase, witness: TrailHead?
  ) async throws -> LedgerIdentity {
    try await database.withConnection { connection in
      try await connection.run {
        try SchemaCheck.embedded.ledger(on: $0, seen: witness.map { [$0] } ?? []).identity
      }
    }
  }

  private func expectProblem(
    _ problem: SchemaProblem, in database: TestDatabase, witness: TrailHead?,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    await #expect(throws: problem, sourceLocation: sourceLocation) {
      try await identity(in: database, witness: witness)
    }
  }
}
