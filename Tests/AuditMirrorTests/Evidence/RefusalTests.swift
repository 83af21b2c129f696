import AuditMirror
import Foundation
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// A mirror that finds its file and its ledger at odds stops, says why, and keeps the file.
@Suite struct RefusalTests {
  @Test func `another ledger is refused`() async throws {
    try await withFollowedLedger { _, path in
      try await TestDatabase.withLedger { other in
        // The tests' ledgers are copies of one.
        try await other.execute(
          "UPDATE trust_budget.ledger SET id = gen_random_uuid(), written_by = pg_current_xact_id()"
        )
        try await expectRefusal("PostgreSQL holds the ledger", of: other, path)
      }
    }
  }

  @Test func `a mirror at work stops once the schema is newer than the program`() async throws {
    try await withFollowedLedger { database, path in
      try await database.withMirror(at: path) { mirror in
        try await expectSoon { mirror.health.current.state == .following }
        let known = Int64(Migrations.embedded.count)
        let files =
          Migrations.embedded + [
            Migration(version: known + 1, name: "extra", up: "SELECT 1;", down: nil)
          ]
        _ = try await MigrationRunner(
          connectionString: database.connectionString, migrations: files, catalogue: nil
        ).up()
        let problem = SchemaProblem.new(found: known + 1, known: known)
        try await expectSoon { mirror.health.current.state == .waiting(reason: "\(problem)") }
      }
    }
  }

  @Test func `a PostgreSQL that was restored from an older backup is refused`() async throws {
    try await withBackup { database, backup, path in
      try await expectRefusal("PostgreSQL has lost the end of the trail", of: backup, path)
      // Also when it goes on in an epoch of its own.
      _ = try await NewEpoch(connectionString: backup.connectionString, reason: "test").begin()
      try await charge(backup, 1)
      try await expectRefusal("PostgreSQL has lost the end of the trail", of: backup, path)
      // The original is still right.
      try await database.withMirror(at: path) { mirror in
        try await expectSoon { mirror.health.current.state == .following }
      }
    }
  }

  @Test func `nobody is told how far a file is behind a PostgreSQL that is older`() async throws {
    try await withBackup { database, backup, path in
      func behind(_ database: TestDatabase) async throws -> Behind {
        let file = try await ReadableFile(path: path)
        defer { file.close() }
        return try await Behind.read(file, connectionString: database.connectionString)
      }
      #expect(try await behind(database).entries == 0)
      let error = await #expect(throws: MirrorRefusal.self) { try await behind(backup) }
      #expect(error?.description.contains("PostgreSQL has lost the end of the trail") == true)

      try MirrorFile(path: path).execute("UPDATE meta SET epoch = 2")
      await #expect(throws: MirrorRefusal.epochWentBack(found: 1, expected: 2)) {
        try await behind(database)
      }
      await #expect(throws: MirrorRefusal.epochWentBack(found: 1, expected: 2)) {
        let file = try await ReadableFile(path: path)
        _ = try await Comparison(file, connectionString: database.connectionString).run()
      }
      try MirrorFile(path: path).execute("UPDATE meta SET filter = 'user alice'")
      await #expect(throws: AuditFileError.self) { try await behind(database) }
    }
  }

  @Test(arguments: ["-infinity", "infinity"])
  func `how far a file is behind can be told of entries that were never written`(moment: String)
    async throws
  {
    try await withFollowedLedger { database, path in
      try await tamper(
        database,
        """
        INSERT INTO trust_budget.audit_entries
               (epoch, budget_id, budget_seq, kind, cost, balance_before, balance_after, node, detail,
                occurred_at, hash)
        VALUES (1, 'odd', 1, 'allocation', 0, 0, 0, 'x', '{}', '\(moment)', sha256('odd'))
        """)
      let file = try await ReadableFile(path: path)
      defer { file.close() }
      let behind = try await Behind.read(file, connectionString: database.connectionString)
      #expect(behind.entries == 1 && !behind.isMoreThanCounted)
      _ = try await Comparison(file, connectionString: database.connectionString).run()
    }
  }

  @Test func `a comparison gives up a table that somebody else has locked, and says so`()
    async throws
  {
    try await withFollowedLedger { database, path in
      let file = try await ReadableFile(path: path)
      defer { file.close() }
      let error = try await database.withConnection { holder in
        try await holder.execute("BEGIN; LOCK TABLE trust_budget.audit_entries")
        return await #expect(throws: PostgresError.self) {
          try await Comparison(file, connectionString: database.connectionString).run()
        }
      }
      // And not the end of the statement's own time, which is long.
      #expect(error?.sqlState == .lockNotAvailable)
    }
  }

  @Test func `a restored PostgreSQL that has grown as long as before is a fork`() async throws {
    try await withBackup { _, backup, path in
      try await charge(backup, 10)
      try await expectRefusal("the trail has forked: user:alice entry", of: backup, path)
    }
  }

  @Test func `an entry that is gone from the middle is told from a lost end`() async throws {
    try await withFollowedLedger { database, path in
      try await tamper(database, "DELETE FROM trust_budget.audit_entries WHERE budget_seq = 3")
      try await expectRefusal("entries are missing in PostgreSQL's trail", of: database, path)
    }
  }

  @Test func `of several gaps the first is named, by the entry after it`() async throws {
    try await withFollowedLedger { database, path in
      try await database.withNodes(1) { nodes in
        for _ in 0..<20 {
          _ = try await nodes[0].perform(.charging("user:bob"))
          _ = try await nodes[0].perform(.charging("user:carol"))
        }
      }
      try await tamper(
        database,
        """
        DELETE FROM trust_budget.audit_entries
        WHERE budget_seq IN (7, 12) AND budget_id IN ('user:bob', 'user:carol')
        """)
      try await expectRefusal(
        "user:bob entry 8 is in PostgreSQL, and the one before it is not", of: database, path,
        awaiting: 40)
    }
  }

  @Test func `what PostgreSQL loses while it is followed is missed`() async throws {
    try await withFollowedLedger { database, path in
      try await database.withMirror(
        at: path, configure: { $0.witnessInterval = .milliseconds(100) }
      ) { mirror in
        try await expectSoon { mirror.health.current.state == .following }
        try await tamper(database, "DELETE FROM trust_budget.audit_entries WHERE budget_seq = 3")
        try await expectSoon {
          mirror.health.current.state.problem?.contains("are missing in PostgreSQL's trail") == true
        }
      }
    }
  }

  @Test func `a ledger with another server's transactions in it is not called complete`()
    async throws
  {
    try await withFollowedLedger { database, path in
      // As in a dump that was restored into a younger server.
      try await tamper(
        database,
        """
        UPDATE trust_budget.audit_entries
        SET transaction_id = (transaction_id::text::bigint + 1000000000)::text::xid8
        WHERE budget_seq > 4
        """)
      try await database.withMirror(at: path + ".new") { mirror in
        try await expectSoon {
          mirror.health.current.state.problem?.contains("restored from a dump") == true
        }
      }
      #expect(MirrorFile(path: path + ".new").entries <= 0)
      await #expect(throws: SchemaProblem.self) {
        try await Export(.postgres(connectionString: database.connectionString), as: .sqlite)
          .write(to: path + ".export")
      }
    }
  }

  @Test
  func `of a ledger from a dump nothing is mirrored, exported or compared before its new epoch`()
    async throws
  {
    try await withFollowedLedger { database, path in
      try await TestDatabase.withEmptyDatabase { other in
        // The same server: all numbers are below what can be read.
        try await database.copy(to: other)
        try await other.withMirror(at: path + ".new") { mirror in
          try await expectSoon {
            mirror.health.current.state.problem?.contains("restored from a dump") == true
          }
        }
        #expect(MirrorFile(path: path + ".new").entries <= 0)
        for format in [ExportFormat.sqlite, .csv, .jsonl] {
          await #expect(throws: SchemaProblem.self) {
            try await Export(.postgres(connectionString: other.connectionString), as: format)
              .write(to: path + ".export")
          }
        }
        let file = try await ReadableFile(path: path)
        defer { file.close() }
        await #expect(throws: SchemaProblem.self) {
          try await Comparison(file, connectionString: other.connectionString).run()
        }
        _ = try await NewEpoch(connectionString: other.connectionString, reason: "test").begin()
        try await other.withMirror(at: path + ".new") { mirror in
          try await expectSoon { mirror.health.current.state == .following }
        }
      }
    }
  }

  @Test func `an entry that was rewritten, hash and all, is a fork`() async throws {
    try await withFollowedLedger { database, path in
      try await tamper(
        database,
        """
        UPDATE trust_budget.audit_entries SET cost = 9, hash = sha256('forged') WHERE budget_seq = 3
        """)
      try await expectRefusal("user:alice entry 3 is one thing", of: database, path)
    }
  }

  @Test func `an entry that does not follow from the one before never comes in`() async throws {
    try await withFollowedLedger { database, path in
      try await tamper(
        database,
        """
        INSERT INTO trust_budget.audit_entries
               (epoch, budget_id, budget_seq, kind, username, cost, balance_before, balance_after,
                request_id, node, detail, occurred_at, hash)
        SELECT epoch, budget_id, budget_seq + 1, kind, username, cost, balance_after,
               balance_after - 1, 'forged', node, detail, occurred_at, sha256('forged')
        FROM trust_budget.audit_entries ORDER BY budget_seq DESC LIMIT 1
        """)
      try await expectRefusal("its hash does not match", of: database, path)
    }
  }

  @Test(arguments: ["interval '10000 years'", "interval '-4000 years'"])
  func `an entry of another age is refused by its name, and is a fault of the comparison`(
    age: String
  ) async throws {
    try await withFollowedLedger { database, path in
      try await charge(database, 1)
      let newest = try await database.count(
        "SELECT max(budget_seq) FROM trust_budget.audit_entries WHERE budget_id = 'user:alice'")
      let problem =
        "user:alice entry \(newest): it holds what is no value of ours: must be a moment of the years 1 to 9999"
      let change = "UPDATE trust_budget.audit_entries SET occurred_at = occurred_at"
      try await tamper(database, "\(change) + \(age) WHERE budget_seq = \(newest)")
      try await expectRefusal(problem, of: database, path)
      for format in [ExportFormat.sqlite, .jsonl] {
        let fault = await #expect(throws: TrailFault.self) {
          try await Export(.postgres(connectionString: database.connectionString), as: format)
            .write(to: path + ".export")
        }
        #expect(fault?.description == problem)
      }
      try await tamper(database, "\(change) - \(age) WHERE budget_seq = \(newest)")
      try await follow(database, path)
      try await tamper(database, "\(change) + \(age) WHERE budget_seq = \(newest)")
      let faults = try await TamperingTests.compare(path, database)
      #expect(
        faults.map(\.description) == [
          problem, "what follows that row in PostgreSQL is not compared",
        ])
    }
  }

  @Test(arguments: ["audit_entries", "break_glass_events"], [0, 7])
  func `rows of an epoch that has not begun are said to be that, and are named by a verification`(
    table: String, epoch: Int
  ) async throws {
    try await withFollowedLedger { database, path in
      var journal = Emergencies()
      try await database.record(journal.next(2))
      try await follow(database, path)
      try await tamper(
        database,
        """
        ALTER TABLE trust_budget.break_glass_events DISABLE TRIGGER ALL;
        ALTER TABLE trust_budget.\(table) DROP CONSTRAINT epoch_is_current;
        UPDATE trust_budget.\(table) SET epoch = \(epoch)
        WHERE hash IN (SELECT hash FROM trust_budget.\(table) ORDER BY transaction_id DESC LIMIT 1)
        """)
      let problem = "PostgreSQL has rows of epoch \(epoch), and the ledger is in epoch 1"
      try await expectRefusal(problem, of: database, path)
      let refusal = MirrorRefusal.unbegunEpoch(found: Int64(epoch), ledger: 1)
      await #expect(throws: refusal) {
        try await Export(.postgres(connectionString: database.connectionString), as: .jsonl)
          .write(to: path + ".export")
      }
      await #expect(throws: refusal) { try await TamperingTests.compare(path, database) }
      let chain = table == "audit_entries" ? "user:alice" : "journal \(journal.journalID)"
      let faults = try await database.ledgerFaults()
      #expect(faults.count == 1 && faults[0].hasPrefix(chain), "\(faults)")
    }
  }

  @Test func `an entry without the one before is refused, once that one cannot come any more`()
    async throws
  {
    try await withFollowedLedger { database, path in
      try await tamper(
        database,
        """
        INSERT INTO trust_budget.audit_entries
               (epoch, budget_id, budget_seq, kind, username, cost, balance_before, balance_after,
                request_id, node, detail, occurred_at, hash)
        SELECT epoch, budget_id, budget_seq + 2, kind, username, cost, balance_after,
               balance_after - 1, 'forged', node, detail, occurred_at, sha256('forged')
        FROM trust_budget.audit_entries ORDER BY budget_seq DESC LIMIT 1
        """)
      // Somebody's open transaction may keep it waiting; then it is in the file, and marked.
      try await expectRefusal(
        "and the one before it is not", of: database, path, awaiting: 1)
      // Nobody forgets.
      try await expectRefusal(
        "and the one before it is not", of: database, path, awaiting: 1)
    }
  }

  @Test(arguments: ["user:alice", "user:bob"])
  func `a file from which somebody took a budget's newest entries is not gone on with`(
    newest budget: String
  ) async throws {
    try await withFollowedLedger { database, path in
      try await database.withNodes(1) { _ = try await $0[0].perform(.charging(budget)) }
      try await follow(database, path)
      let newest = try await database.count(
        "SELECT max(budget_seq) FROM trust_budget.audit_entries WHERE budget_id = 'user:alice'")
      try MirrorFile(path: path).execute(
        "DELETE FROM audit_entries WHERE budget_id = 'user:alice' AND budget_seq > 4")
      try await charge(database, 1)
      try await expectRefusal("somebody took some out, or put some in", of: database, path)
      #expect(
        try await TamperingTests.verify(path).first?.problem
          == "entries 5 to \(newest) are gone: the trail ends at 4")
    }
  }

  /// In the middle of what came together, and where that begins.
  @Test(arguments: ["SELECT max(rowid) FROM audit_entries", "SELECT max(first_row) FROM receipts"])
  func `a file that was cut off, and whose receipts were not, is not gone on with`(first: String)
    async throws
  {
    try await withFollowedLedger { database, path in
      try await charge(database, 3)
      try await follow(database, path)
      try MirrorFile(path: path).execute(Self.cut(from: first) + Self.headsOfEntries)
      #expect(try await TamperingTests.verify(path).first?.problem.contains("gone") == true)
      try await expectRefusal("the receipts go as far as row", of: database, path)
    }
  }

  @Test func `an entry that was taken out of the file is no fork of the ledger`() async throws {
    try await withFollowedLedger { database, path in
      try await charge(database, 3)
      try await follow(database, path)
      let first = "SELECT max(first_row) FROM receipts"
      try MirrorFile(path: path).execute(
        Self.headsOfEntries + Self.cut(from: first)
          + "DELETE FROM receipts WHERE first_row = (\(first))")
      try await expectRefusal("was in it, and is not any more", of: database, path)
    }
  }

  @Test(arguments: ["audit_entries", "break_glass_events"])
  func `a file that says to go further than its rows is not gone on with`(table: String)
    async throws
  {
    try await withFollowedLedger { database, path in
      // All that PostgreSQL gets until then would never come, and the file say that it is complete.
      try MirrorFile(path: path).execute(
        "UPDATE cursors SET transaction_id = transaction_id + 1000 WHERE table_name = '\(table)'")
      try await expectRefusal(
        "\(table) does not end with the row that the table cursors names", of: database, path)
    }
  }

  @Test func `a file whose last row was moved ahead is not gone on with`() async throws {
    try await withFollowedLedger { database, path in
      // No hash covers it, and the file says by itself that it ends there.
      try MirrorFile(path: path).execute(
        """
        UPDATE audit_entries SET transaction_id = transaction_id + 1000
        WHERE rowid = (SELECT max(rowid) FROM audit_entries);
        UPDATE cursors SET transaction_id = transaction_id + 1000
        WHERE table_name = 'audit_entries';
        """)
      #expect(try await TamperingTests.verify(path) == [])
      try await expectRefusal("is one thing in the audit file and another", of: database, path)
    }
  }

  // MARK: - What they share

  /// Takes a file's last entries out, and lets it say that it ends there.
  private static func cut(from first: String) -> String {
    """
    DELETE FROM audit_entries WHERE rowid >= (\(first));
    UPDATE meta SET heads_through = (SELECT max(rowid) FROM audit_entries);
    UPDATE cursors SET (epoch, transaction_id, entry_id, entries) =
      (SELECT epoch, transaction_id, entry_id, rowid FROM audit_entries ORDER BY rowid DESC LIMIT 1)
    WHERE table_name = 'audit_entries';
    """
  }

  private static let headsOfEntries = """
    INSERT OR REPLACE INTO budget_heads
      SELECT budget_id, max(budget_seq), hash, balance_after FROM audit_entries GROUP BY budget_id;
    """

  private func charge(_ database: TestDatabase, _ count: Int) async throws {
    try await database.withNodes(1) { nodes in
      for _ in 0..<count { _ = try await nodes[0].perform(.charging("user:alice")) }
    }
  }

  private func tamper(_ database: TestDatabase, _ sql: String) async throws {
    try await database.execute(
      """
      ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER ALL,
        DROP CONSTRAINT IF EXISTS year_has_four_digits;
      \(sql);
      """)
  }

  /// Lends a ledger, and a file that has followed it so far.
  private func withFollowedLedger(
    _ body: (TestDatabase, _ path: String) async throws -> Void
  ) async throws {
    try await TestDatabase.withAuditFile { database, path in
      try await charge(database, 5)
      try await follow(database, path)
      try await body(database, path)
    }
  }

  /// Lends a ledger, a backup of it from before the last charges, and a file of all of them.
  private func withBackup(
    _ body: (TestDatabase, _ backup: TestDatabase, _ path: String) async throws -> Void
  ) async throws {
    try await withFollowedLedger { database, path in
      try await database.withCopy { backup in
        // As that of a whole cluster is, whose databases keep their numbers.
        try await backup.execute(
          "UPDATE trust_budget.ledger SET database = NULL, written_by = pg_current_xact_id()")
        try await charge(database, 4)
        try await follow(database, path)
        try await body(database, backup, path)
      }
    }
  }

  private func follow(_ database: TestDatabase, _ path: String) async throws {
    try await database.withMirror(at: path) { _ in
      try await database.expectMirrored(in: path)
    }
  }

  private func expectRefusal(
    _ words: String, of database: TestDatabase, _ path: String, awaiting: Int = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let before = try MirrorFile(path: path).rows()
    try await database.withMirror(at: path) { mirror in
      let isRefused = try await eventually {
        if case .refused = mirror.health.current.state { true } else { false }
      }
      let state = mirror.health.current.state
      #expect(isRefused, "\(state)", sourceLocation: sourceLocation)
      #expect(state.problem?.contains(words) == true, "\(state)", sourceLocation: sourceLocation)
    }
    let after = try MirrorFile(path: path).rows()
    #expect(Array(after.prefix(before.count)) == before, sourceLocation: sourceLocation)
    #expect(after.count <= before.count + awaiting, sourceLocation: sourceLocation)
  }
}
