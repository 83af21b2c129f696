import AuditMirror
import Foundation
import Testing
import TrustBudget
import TrustBudgetTesting

/// A file of the first format, which knew no break-glass events, of the second, which had no receipts, or of
/// the third, which had an index of all entries and no heads.
@Suite struct UpgradeTests {
  @Test(arguments: [1, 2, 3])
  func `a node brings an old file up to date, with the events of the past`(format: Int)
    async throws
  {
    try await withOldFile(of: format) { database, path in
      let file = MirrorFile(path: path)
      let entries = try file.rows()
      #expect(try await TamperingTests.verify(path) == [])
      try await database.withMirror(at: path) { mirror in
        try await database.expectMirrored(in: path)
        try await expectSoon { mirror.health.current.state == .following }
        var more = Emergencies(2)
        try await database.record(more.next(2))
        try await database.expectMirrored(in: path)
        // Chains, allocations and resets go on from what the file has.
        _ = try await database.withNodes(1) {
          try await RandomTrail.write(100, seed: 7, on: $0)
        }
        try await database.expectMirrored(in: path)
      }
      #expect(try file.rows().starts(with: entries))
      #expect(file.entries > entries.count)
      #expect(file.events == 7)
      #expect(try file.query("SELECT format_version FROM meta") == [["4"]])
      #expect(try file.query("PRAGMA user_version") == [["4"]])
      #expect(file.count("SELECT sum(rows) FROM receipts") == file.entries)
      #expect(file.count("SELECT complete_as_of IS NOT NULL FROM meta") == 1)
      #expect(try await TamperingTests.verify(path) == [])
      #expect(try await TamperingTests.compare(path, database) == [])
    }
  }

  @Test(arguments: [
    // The newest of a chain. The last row need not be one: who waited for a lock may come before.
    (
      """
      DELETE FROM audit_entries WHERE rowid =
        (SELECT max(e.rowid) FROM audit_entries AS e
         JOIN budget_states AS s ON s.budget_id = e.budget_id AND s.last_seq = e.budget_seq)
      """, "gone"
    ),
    ("UPDATE budget_states SET last_hash = zeroblob(32)", "another hash"),
    ("UPDATE cursors SET entries = 30", "says that it holds 30"),
  ])
  func `an old file that was changed is set aside, not brought up to date`(
    sql: String, words: String
  ) async throws {
    try await withOldFile(of: 2) { database, path in
      let file = MirrorFile(path: path)
      try file.execute(sql)
      let faults = try await TamperingTests.verify(path)
      #expect(faults.contains { $0.problem.contains(words) }, "\(faults)")
      try await database.withMirror(at: path) { mirror in
        try await expectSoon { mirror.health.current.state == .following }
        try await database.expectMirrored(in: path)
      }
      let directory = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
      let kept = try FileManager.default.contentsOfDirectory(atPath: directory)
        .filter { $0.contains("audit.db.corrupt-") && !$0.hasSuffix("-wal") }
      #expect(kept.count == 1)
      #expect(try await TamperingTests.verify(path) == [])
    }
  }

  @Test func `whoever only reads an old file takes it as it is`() async throws {
    try await withOldFile(of: 1) { database, path in
      let before = try Data(contentsOf: URL(filePath: path))
      let file = try await ReadableFile(path: path)
      let report = try await FileVerification(file).run()
      #expect(report.isSound && report.entries > 0 && report.events == nil)
      #expect(try await TamperingTests.compare(path, database) == [])
      let behind = try await Behind.read(file, connectionString: database.connectionString)
      #expect(behind.entries == 0 && behind.events == 5)
      let target = path + ".export"
      let result = try await Export(.file(file), as: .sqlite).write(to: target)
      #expect(result.events == nil)
      #expect(try await TamperingTests.verify(target) == [])
      // Nobody shall take it for all that there is.
      #expect(MirrorFile(path: target).count("SELECT complete_as_of IS NULL FROM meta") == 1)
      await #expect(throws: AuditFileError.self) {
        try await Export(.file(file), as: .csv, of: .breakGlass).write(to: path + ".csv")
      }
      file.close()
      #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }
  }

  @Test func `a file of a later format is left alone`() async throws {
    try await withOldFile(of: 2) { database, path in
      try MirrorFile(path: path).execute("PRAGMA user_version = 5")
      try await database.withMirror(at: path) { mirror in
        try await expectSoon {
          mirror.health.current.state.problem?.contains("this program knows 1 to 4") == true
        }
      }
      await #expect(throws: AuditFileError.self) { _ = try await ReadableFile(path: path) }
    }
  }

  /// Lends a ledger with entries and events, and the file that an earlier program left of it.
  private func withOldFile(
    of format: Int, _ body: (TestDatabase, _ path: String) async throws -> Void
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await TemporaryDirectory.with { directory in
        _ = try await database.withNodes(1) { try await RandomTrail.write(100, on: $0) }
        let new = directory.file("new.db")
        try await database.withMirror(at: new) { _ in
          try await database.expectMirrored(in: new)
          try await expectSoon {
            MirrorFile(path: new).count("SELECT complete_as_of IS NOT NULL FROM meta") == 1
          }
        }
        var journal = Emergencies()
        try await database.record(journal.next(5))
        let path = directory.file("audit.db")
        try MirrorFile(path: path).execute(
          """
          \(Self.firstFormat)
          \(format > 1 ? Self.secondFormat : "")
          \(format > 2 ? Self.thirdFormat : "")
          ATTACH '\(new)' AS new;
          INSERT INTO meta
            SELECT only_row, \(format), ledger_id, epoch, complete_as_of, filter FROM new.meta;
          INSERT INTO cursors SELECT * FROM new.cursors WHERE table_name = 'audit_entries';
          INSERT INTO audit_entries SELECT * FROM new.audit_entries ORDER BY new.audit_entries.rowid;
          \(format > 2 ? Self.receipts : Self.states)
          """)
        try await body(database, path)
      }
    }
  }

  /// Of a budget's window, and of its newest entry, as they had it.
  private static let states = """
    INSERT INTO budget_states
      SELECT s.budget_id, s.initial_balance, s.adjustment,
             s.initial_balance + s.adjustment - e.balance_after, s.reset_interval_microseconds,
             s.window_started_at, s.resets_at, s.window_seq, e.budget_seq, e.hash, s.created_at
      FROM new.budget_states AS s JOIN new.audit_entries AS e
        ON e.budget_id = s.budget_id AND e.budget_seq =
           (SELECT max(budget_seq) FROM new.audit_entries AS l WHERE l.budget_id = s.budget_id);
    """

  private static let receipts = """
    INSERT INTO budget_states SELECT * FROM new.budget_states;
    INSERT INTO receipts SELECT * FROM new.receipts;
    """

  /// What it had more, as it was published.
  private static let thirdFormat = """
    PRAGMA user_version = 3;

    CREATE TABLE receipts (
        first_row INTEGER PRIMARY KEY,
        rows      INTEGER NOT NULL,
        content   BLOB    NOT NULL
    );

    DROP VIEW budgets;
    CREATE VIEW budgets (budget_id, initial_balance, current_balance, balance,
                         reset_interval_hours, last_reset_at, created_at) AS
    SELECT budget_id, initial_balance, last_balance,
           CASE WHEN resets_at <= strftime('%Y-%m-%d %H:%M:%f', 'now') THEN initial_balance
                ELSE last_balance END,
           reset_interval_microseconds / 3600000000.0, window_started_at, created_at
    FROM (SELECT *, (SELECT balance_after FROM audit_entries AS e
                     WHERE e.budget_id = s.budget_id
                     ORDER BY e.budget_seq DESC LIMIT 1) AS last_balance
          FROM budget_states AS s);
    """

  /// What it had more, as it was published.
  private static let secondFormat = """
    PRAGMA user_version = 2;

    CREATE TABLE break_glass_events (
        event_id                   INTEGER NOT NULL,
        epoch                      INTEGER NOT NULL,
        transaction_id             INTEGER NOT NULL,
        journal_id                 TEXT    NOT NULL,
        node_seq                   INTEGER NOT NULL,
        node                       TEXT    NOT NULL,
        username                   TEXT    NOT NULL,
        reason                     TEXT    NOT NULL,
        ticket                     TEXT,
        approvers                  TEXT    NOT NULL,
        principals                 TEXT    NOT NULL,
        max_duration               TEXT    NOT NULL,
        max_duration_seconds       INTEGER NOT NULL,
        requested_duration_seconds INTEGER,
        request_id                 TEXT    NOT NULL,
        request                    TEXT    NOT NULL,
        policy_digest              BLOB    NOT NULL,
        actor                      TEXT,
        occurred_at                TEXT    NOT NULL,
        recorded_at                TEXT    NOT NULL,
        hash                       BLOB    NOT NULL,
        PRIMARY KEY (journal_id, node_seq)
    );
    CREATE INDEX break_glass_events_time ON break_glass_events (occurred_at);

    CREATE TABLE break_glass_journals (
        journal_id TEXT    PRIMARY KEY,
        last_seq   INTEGER NOT NULL,
        last_hash  BLOB    NOT NULL
    ) WITHOUT ROWID;

    CREATE TABLE break_glass_awaited (
        journal_id TEXT    NOT NULL,
        node_seq   INTEGER NOT NULL,
        epoch      INTEGER NOT NULL,
        horizon    INTEGER NOT NULL,
        PRIMARY KEY (journal_id, node_seq)
    ) WITHOUT ROWID;

    INSERT INTO cursors VALUES ('break_glass_events', 0, 0, 0, 0);
    """

  /// As it was published.
  private static let firstFormat = """
    PRAGMA application_id = 0x54424146;
    PRAGMA user_version = 1;

    CREATE TABLE meta (
        only_row       INTEGER PRIMARY KEY CHECK (only_row = 1),
        format_version INTEGER NOT NULL,
        ledger_id      TEXT    NOT NULL,
        epoch          INTEGER NOT NULL,
        complete_as_of TEXT,             -- all that was committed by then is here
        filter         TEXT              -- what an export was restricted to; NULL: the whole trail
    );

    CREATE TABLE cursors (
        table_name     TEXT    PRIMARY KEY,
        epoch          INTEGER NOT NULL,
        transaction_id INTEGER NOT NULL,
        entry_id       INTEGER NOT NULL,
        entries        INTEGER NOT NULL  -- rows that are here
    ) WITHOUT ROWID;

    CREATE TABLE audit_entries (
        entry_id       INTEGER NOT NULL,
        epoch          INTEGER NOT NULL,
        transaction_id INTEGER NOT NULL,
        budget_id      TEXT    NOT NULL,
        budget_seq     INTEGER NOT NULL,
        kind           TEXT    NOT NULL,
        username       TEXT,
        cost           INTEGER NOT NULL,
        balance_before INTEGER NOT NULL,
        balance_after  INTEGER NOT NULL,
        request_id     TEXT,
        part           INTEGER NOT NULL,
        rule           TEXT,
        policy_digest  BLOB,
        actor          TEXT,
        node           TEXT    NOT NULL,
        detail         TEXT    NOT NULL,
        occurred_at    TEXT    NOT NULL,
        hash           BLOB    NOT NULL,
        PRIMARY KEY (budget_id, budget_seq)
    );
    CREATE INDEX audit_entries_time ON audit_entries (occurred_at);

    CREATE TABLE budget_states (
        budget_id                   TEXT    PRIMARY KEY,
        initial_balance             INTEGER NOT NULL,
        adjustment                  INTEGER NOT NULL,
        spent                       INTEGER NOT NULL,
        reset_interval_microseconds INTEGER,
        window_started_at           TEXT    NOT NULL,
        resets_at                   TEXT,
        window_seq                  INTEGER NOT NULL,
        last_seq                    INTEGER NOT NULL,
        last_hash                   BLOB    NOT NULL,
        created_at                  TEXT    NOT NULL
    ) WITHOUT ROWID;

    CREATE TABLE awaited (
        budget_id  TEXT    NOT NULL,
        budget_seq INTEGER NOT NULL,
        epoch      INTEGER NOT NULL,
        horizon    INTEGER NOT NULL,
        PRIMARY KEY (budget_id, budget_seq)
    ) WITHOUT ROWID;

    CREATE VIEW transactions (id, budget_id, username, cost, balance_before, balance_after,
                              timestamp, request_id) AS
    SELECT entry_id, budget_id, username, cost, balance_before, balance_after, occurred_at,
           request_id
    FROM audit_entries WHERE kind = 'charge';

    CREATE VIEW budgets (budget_id, initial_balance, current_balance, balance,
                         reset_interval_hours, last_reset_at, created_at) AS
    SELECT budget_id, initial_balance, initial_balance + adjustment - spent,
           CASE WHEN resets_at <= strftime('%Y-%m-%d %H:%M:%f', 'now') THEN initial_balance
                ELSE initial_balance + adjustment - spent END,
           reset_interval_microseconds / 3600000000.0, window_started_at, created_at
    FROM budget_states;
    """
}
