import AuditMirror
import BudgetLedger
import Foundation
import Testing
import TrustBudget
import TrustBudgetTesting

/// What somebody does to a file, or to PostgreSQL, is found and told apart.
@Suite struct TamperingTests {
  /// What is done to a file, to whose entry it shows, and what is said of it.
  static let tamperings: [(sql: String, sequence: Int64?, words: String)] = [
    ("UPDATE audit_entries SET cost = 3 WHERE budget_seq = 4", 4, "its hash does not match"),
    ("UPDATE audit_entries SET username = NULL WHERE budget_seq = 4", 4, "its hash does not match"),
    (
      "UPDATE audit_entries SET occurred_at = replace(occurred_at, ' ', 'T') WHERE budget_seq = 4",
      4, "no value of ours"
    ),
    ("UPDATE audit_entries SET cost = 1.5 WHERE budget_seq = 4", 4, "no value of ours"),
    ("UPDATE audit_entries SET hash = zeroblob(32) WHERE budget_seq = 4", 4, "hash does not match"),
    (
      "UPDATE audit_entries SET cost = 3, hash = zeroblob(32) WHERE budget_seq = 20", 20,
      "hash does not match"
    ),
    ("DELETE FROM audit_entries WHERE budget_seq = 4", 5, "entries are missing or repeated"),
    ("DELETE FROM audit_entries WHERE budget_seq = 1", 2, "entries are missing or repeated"),
    ("DELETE FROM audit_entries WHERE budget_seq > 10", nil, "entries 11 to 20 are gone"),
    ("DELETE FROM audit_entries", nil, "all its entries are gone"),
    ("DELETE FROM audit_entries WHERE budget_seq = 20", nil, "entry 20 is gone"),
    ("DELETE FROM audit_entries WHERE budget_seq > 10; VACUUM", nil, "entries 11 to 20 are gone"),
    ("DELETE FROM audit_entries WHERE budget_seq = 4; VACUUM", 5, "missing or repeated"),
    ("UPDATE budget_states SET spent = 1", nil, "not what its entries make of it"),
    ("UPDATE budget_states SET last_seq = 2", nil, "another hash"),
    ("UPDATE budget_states SET last_hash = zeroblob(32)", nil, "another hash"),
    ("DELETE FROM budget_states", nil, "recorded state is gone"),
    ("UPDATE budget_states SET spent = 9223372036854775807", nil, "no value of ours"),
    ("UPDATE budget_states SET adjustment = -9223372036854775807 - 1", nil, "no value of ours"),
    (
      "UPDATE budget_states SET resets_at = '2000-01-01 00:00:00.000000'", nil,
      "the recorded state holds what is no value of ours: must be when the window ends"
    ),
    (
      "UPDATE budget_states SET reset_interval_microseconds = 3600000000", nil,
      "the recorded state holds what is no value of ours: must be when the window ends"
    ),
    ("UPDATE budget_heads SET balance = balance + 1", nil, "not what its entries make of it"),
    ("UPDATE budget_heads SET last_hash = zeroblob(32)", nil, "not what its entries make of it"),
    ("UPDATE budget_heads SET last_hash = 'x'", nil, "recorded head is no value of ours"),
    ("UPDATE budget_heads SET last_seq = 30", nil, "not what its entries make of it"),
    ("DELETE FROM budget_heads", nil, "recorded head is gone"),
    (
      """
      UPDATE budget_heads SET (last_seq, last_hash, balance) =
        (SELECT budget_seq, hash, balance_after FROM audit_entries WHERE budget_seq = 3)
      """, nil, "must be 20's"
    ),
    (
      "INSERT INTO budget_heads VALUES ('user:ghost', 1, zeroblob(32), 1)", nil,
      "a head is recorded, and no budget"
    ),
    (
      "INSERT INTO audit_entries SELECT * FROM audit_entries WHERE budget_seq = 4", 4,
      "missing or repeated"
    ),
    ("DELETE FROM receipts", 1, "there is no receipt for it"),
    ("UPDATE receipts SET content = zeroblob(10)", nil, "the receipts are not what was written"),
    ("UPDATE receipts SET rows = rows + 1", nil, "the receipts are not what was written"),
    ("UPDATE receipts SET rows = 'x'", nil, "the receipts are not what was written"),
    (
      "UPDATE receipts SET content = CAST(content || x'00' AS BLOB)", nil,
      "they must be whole, and as many as \"rows\" says (in the row whose first_row is 1)"
    ),
    ("INSERT INTO receipts VALUES (21, 0, x'')", nil, "the receipts are not what was written"),
    ("UPDATE cursors SET entries = 30", nil, "says that it holds 30 entries"),
    ("UPDATE meta SET heads_through = -9223372036854775807 - 1", nil, "no value of ours"),
    ("UPDATE meta SET heads_through = 99999999", nil, "goes as far as row 99999999"),
    (
      "UPDATE audit_entries SET budget_seq = 9223372036854775807 WHERE budget_seq = 20", nil,
      "no value of ours"
    ),
    ("UPDATE cursors SET transaction_id = transaction_id + 1000", nil, "does not end with the row"),
    ("UPDATE audit_entries SET rowid = -7 WHERE rowid = 1", nil, "numbered -7 to 20"),
    (
      "UPDATE audit_entries SET rowid = -9223372036854775807 - 1 WHERE rowid = 1", nil,
      "must be 1 to 20"
    ),
    (
      "UPDATE audit_entries SET rowid = 9223372036854775807 WHERE rowid = 20", nil,
      "must be 1 to 20"
    ),
    (
      "UPDATE audit_entries SET transaction_id = 1, entry_id = 1 WHERE budget_seq = 9", 9,
      "not where it belongs"
    ),
    ("UPDATE meta SET epoch = 0", nil, "of epoch 0, and there are entries of epoch 1"),
    ("UPDATE receipts SET first_row = 1000 + first_row", nil, "do not stand where the entries do"),
    ("INSERT INTO awaited VALUES ('user:alice', 3, 1, 5)", 3, "noted as waiting"),
    ("INSERT INTO awaited VALUES ('user:ghost', 3, 1, 5)", 3, "noted as waiting"),
    (
      "INSERT INTO break_glass_awaited VALUES ('00000000-0000-4000-8000-000000000000', 3, 1, 5)", 3,
      "noted as waiting"
    ),
    (
      "UPDATE meta SET ledger_id = '00000000-0000-4000-8000-000000000000'", 1,
      "its hash does not match"
    ),
  ]

  @Test(arguments: tamperings.indices)
  func `what was changed in a file is found`(index: Int) async throws {
    let (sql, sequence, words) = Self.tamperings[index]
    try await withFile { _, path in
      let file = MirrorFile(path: path)
      #expect(try await Self.verify(path) == [])
      try file.execute(sql)
      let faults = try await Self.verify(path)
      let fault = try #require(faults.first, "\(sql)")
      #expect(fault.problem.contains(words), "\(sql): \(faults)")
      if let sequence { #expect(fault.sequence == sequence, "\(sql): \(faults)") }
    }
  }

  @Test func `the newest entry, rewritten by somebody who can count, is found by its receipt`()
    async throws
  {
    try await withFile { database, path in
      let file = MirrorFile(path: path)
      let ledger = try #require(try file.query("SELECT ledger_id FROM meta").first?.first ?? nil)
      let newest = try #require(try file.rows().last)
      let before = try #require(try file.rows().dropLast().last?.last ?? nil)
      let forged = try Self.entry(newest, of: "mallory")
      var hasher = EntryHash(ledgerID: ledger)
      let hash = hasher.hash(of: forged, after: try #require(Digest(hexadecimal: before)))
      try file.execute(
        """
        UPDATE audit_entries SET username = 'mallory', hash = x'\(hash.hexadecimal)'
        WHERE budget_seq = 20
        """)
      let faults = try await Self.verify(path)
      #expect(faults.map(\.chain) == [.budget("user:alice")])
      #expect(faults.first?.problem.contains("entry 20 was rewritten") == true, "\(faults)")
      #expect(try await Self.compare(path, database).map(\.sequence) == [20])
    }
  }

  /// The entry of a row of `MirrorFile.rows`, with another name in it.
  private static func entry(_ row: [String?], of username: String) throws -> Entry {
    func number(_ index: Int) -> Int64 { row[index].flatMap { Int64($0) } ?? 0 }
    return Entry(
      epoch: number(1), budgetID: try BudgetID(try #require(row[3])), sequence: number(4),
      kind: try #require(Entry.Kind(rawValue: row[5] ?? "")), username: username,
      cost: number(7), balanceBefore: number(8), balanceAfter: number(9),
      requestID: row[10], part: Int16(number(11)), rule: row[12],
      policyDigest: row[13].flatMap { Digest(hexadecimal: $0) }, actor: row[14],
      node: try #require(row[15]), detail: try #require(row[16]),
      occurredAt: try #require(Timestamp(row[17] ?? "")), hash: .zero)
  }

  @Test func `one byte that was flipped in a copy is found, wherever it stands in an entry`()
    async throws
  {
    try await withFile { _, path in
      var found = 0
      // The texts that only an entry has: its request id.
      for number in [2, 7, 12] {
        let target = try MirrorFile(path: path).flipped(in: "request-\(number)-x")
        let faults = try await Self.verify(target)
        #expect(faults.count == 1)
        #expect(faults.first?.sequence == Int64(number))
        found += faults.count
      }
      #expect(found == 3)
    }
  }

  @Test func `a text that is not UTF-8 is not taken for the one that it is repaired to`()
    async throws
  {
    try await withFile { database, path in
      try await database.withNodes(1) { nodes in
        _ = try await nodes[0].perform(
          .adjusting("user:alice", by: 5, reason: "was it \u{FFFD}?"))
      }
      try await database.withMirror(at: path) { _ in try await database.expectMirrored(in: path) }
      let copy = try MirrorFile(path: path).changed(
        by: """
          UPDATE audit_entries SET detail = replace(detail, char(65533), CAST(x'FF' AS TEXT))
          WHERE budget_seq = 21
          """)
      let faults = try await Self.verify(copy)
      #expect(faults.map(\.sequence) == [21])
      #expect(faults.first?.problem.contains("must be UTF-8 (detail)") == true, "\(faults)")
      #expect(try PythonVerifierTests.verify(copy).status == 1)
      let file = try await ReadableFile(path: copy)
      defer { file.close() }
      await #expect(throws: AuditFileError.self) {
        try await Export(.file(file), as: .jsonl).write(to: path + ".jsonl")
      }
    }
  }

  @Test func `a file whose texts are not UTF-8 is none of ours`() async throws {
    try await TemporaryDirectory.with { directory in
      let path = directory.file("audit.db")
      try MirrorFile(path: path).execute(
        """
        PRAGMA encoding = 'UTF-16le'; PRAGMA application_id = 0x54424146; PRAGMA user_version = 4;
        CREATE TABLE meta (only_row INTEGER PRIMARY KEY, ledger_id TEXT, filter TEXT);
        INSERT INTO meta VALUES (1, '', NULL)
        """)
      await #expect(
        throws: AuditFileError.foreign("its texts are UTF-16le, and must be UTF-8")
      ) {
        try await ReadableFile(path: path)
      }
      let end = try PythonVerifierTests.verify(path)
      #expect(end.status == 1 && end.errors.contains("must be UTF-8"), "\(end)")
    }
  }

  @Test func `a page that cannot be read is a fault in the report`() async throws {
    try await withFile { _, path in
      var bytes = try Data(contentsOf: URL(filePath: path))
      let place = try #require(bytes.range(of: Data("request-7-x".utf8))).lowerBound
      for index in 0..<8 { bytes[place / 4_096 * 4_096 + index] = 0xA5 }
      let copy = path + ".damaged"
      try bytes.write(to: URL(filePath: copy))
      let report = try await Self.report(copy)
      #expect(report.faults.first?.problem.contains("SQLite finds damage") == true)
      #expect(report.faults.last?.problem.contains("what follows is not verified") == true)
    }
  }

  @Test func `a file is compared with PostgreSQL row for row`() async throws {
    try await withFile { database, path in
      #expect(try await Self.compare(path, database) == [])
      try await database.execute(
        """
        ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER ALL;
        UPDATE trust_budget.audit_entries SET cost = 5 WHERE budget_seq = 6;
        DELETE FROM trust_budget.audit_entries WHERE budget_seq = 9;
        """)
      try MirrorFile(path: path).execute("DELETE FROM audit_entries WHERE budget_seq = 12")
      let faults = try await Self.compare(path, database)
      #expect(faults.map(\.sequence) == [6, 9, 12])
      #expect(faults[0].problem.contains("differ in cost"))
      #expect(faults[1].problem.contains("not in PostgreSQL"))
      #expect(faults[2].problem.contains("not in the file"))
    }
  }

  @Test func `a file that is compared is verified as well`() async throws {
    try await withFile { database, path in
      for sql in ["UPDATE budget_states SET spent = 1", "UPDATE budget_heads SET balance = 7"] {
        let copy = try MirrorFile(path: path).changed(by: sql)
        let result = try await Self.comparison(copy, database)
        #expect(result.report.faults.map(\.chain) == [.budget("user:alice")], "\(sql)")
        #expect(result.report.entries == 20 && result.report.budgets == 1)
      }
    }
  }

  @Test func `how far a file was compared is said, and what PostgreSQL has beyond`() async throws {
    try await withFile { database, path in
      let whole = try await Self.comparison(path, database)
      #expect(whole.report.isSound && whole.behind.entries == 0)
      try await database.withNodes(1) { nodes in
        for _ in 0..<3 { _ = try await nodes[0].perform(.charging("user:alice")) }
      }
      let older = try await Self.comparison(path, database)
      #expect(older.report.isSound && older.behind.entries == 3)
      #expect(older.file.entries.position == whole.file.entries.position)
    }
  }

  @Test func `what is no value of ours is told of once by who compares`() async throws {
    try await withFile { database, path in
      try MirrorFile(path: path).execute("UPDATE audit_entries SET cost = 1.5 WHERE budget_seq = 4")
      let faults = try await Self.comparison(path, database).report.faults
      #expect(faults.map(\.sequence) == [4, 4], "\(faults)")
      #expect(faults.first?.problem.contains("no value of ours") == true)
      #expect(faults.last?.problem == "it is in PostgreSQL, and not in the file")
    }
  }

  @Test func `a live file is compared while it grows`() async throws {
    try await TestDatabase.withAuditFile { database, path in
      try await database.withNodes(1) { nodes in
        try await database.withMirror(at: path) { _ in
          try await expectSoon { MirrorFile(path: path).entries >= 0 }
          async let writing = RandomTrail.write(3_000, on: nodes)
          var journal = Emergencies()
          for _ in 0..<15 {
            try await database.record(journal.next(2))
            #expect(try await Self.compare(path, database) == [])
            #expect(try await Self.verify(path) == [])
          }
          _ = try await writing
          try await database.expectMirrored(in: path)
        }
      }
      // A row that nobody has copied is no growth.
      try MirrorFile(path: path).execute(
        """
        INSERT INTO break_glass_events SELECT event_id + 1, epoch, transaction_id + 1000000,
          journal_id, node_seq + 1, node, username, reason, ticket, approvers, principals,
          max_duration, max_duration_seconds, requested_duration_seconds, request_id, request,
          policy_digest, actor, occurred_at, recorded_at, hash
        FROM break_glass_events ORDER BY node_seq DESC LIMIT 1
        """)
      #expect(try await Self.compare(path, database).map(\.sequence) == [31])
    }
  }

  @Test func `a forgery that fits itself is found by comparing`() async throws {
    try await withFile { database, path in
      // Another ledger's trail, told to be this one's: whoever makes it has all the hashes he wants.
      try MirrorFile(path: path).execute(
        """
        UPDATE audit_entries SET cost = 2, balance_after = balance_before - 2 WHERE budget_seq = 20;
        """)
      let faults = try await Self.compare(path, database)
      #expect(faults.map(\.sequence) == [20])
    }
  }

  /// What somebody defines, and what is said of it.
  static let definitions: [(sql: String, words: String)] = [
    (
      """
      DROP VIEW transactions; CREATE VIEW transactions AS
      SELECT entry_id AS id, budget_id, username, 0 AS cost, balance_before, balance_after,
             occurred_at AS timestamp, request_id FROM audit_entries WHERE kind = 'charge'
      """, "its view transactions is not as it was made"
    ),
    (
      """
      PRAGMA writable_schema = ON;
      UPDATE sqlite_master SET sql = replace(sql, '''charge''', '''charge--' || char(10) || '''')
      WHERE name = 'transactions'
      """, "its view transactions is not as it was made"
    ),
    (
      """
      CREATE TRIGGER cheap AFTER INSERT ON audit_entries
      BEGIN UPDATE audit_entries SET cost = 0 WHERE rowid = new.rowid; END
      """, "its audit_entries has a trigger that is none of ours, cheap"
    ),
    (
      """
      CREATE TRIGGER cheap AFTER INSERT ON AUDIT_ENTRIES
      BEGIN UPDATE audit_entries SET cost = 0 WHERE rowid = new.rowid; END
      """, "its audit_entries has a trigger that is none of ours, cheap"
    ),
    ("DROP VIEW budgets", "it has no budgets any more"),
  ]

  @Test(arguments: definitions.indices)
  func `what was defined in a file is found, and a node does not go on with it`(index: Int)
    async throws
  {
    let (sql, words) = Self.definitions[index]
    try await withFile { database, path in
      let file = MirrorFile(path: path)
      // What anybody may add.
      try file.execute(
        """
        CREATE INDEX by_budget ON audit_entries (budget_id, budget_seq); ANALYZE;
        CREATE TABLE remarks (entry_id INTEGER, remark TEXT);
        CREATE VIEW remarked AS SELECT * FROM audit_entries JOIN remarks USING (entry_id);
        """)
      #expect(try await Self.verify(path) == [])
      try file.execute(sql)
      let faults = try await Self.verify(path)
      #expect(faults.contains { $0.problem.contains(words) }, "\(faults)")
      let readable = try await ReadableFile(path: path)
      defer { readable.close() }
      await #expect(throws: AuditFileError.self) {
        try await Export(.file(readable), as: .csv).write(to: path + ".csv")
      }
      try await database.withMirror(at: path) { mirror in
        try await expectSoon { mirror.health.current.state.problem?.contains(words) == true }
      }
    }
  }

  /// Rows that never end.
  private static let endless = """
    WITH RECURSIVE row (number) AS (VALUES (1) UNION ALL SELECT number + 1 FROM row)
    SELECT hidden.rowid, hidden.* FROM hidden, row
    """

  @Test(
    .timeLimit(.minutes(2)),
    arguments: [
      ("audit_entries", "SELECT rowid, * FROM hidden"), ("audit_entries", endless),
      ("meta", endless),
      (
        "cursors",
        "WITH RECURSIVE row (number) AS (VALUES (1) UNION ALL "
          + "SELECT number + 1 FROM row) SELECT hidden.* FROM hidden, row"
      ),
    ])
  func `what stands in the place of a table is not read`(table: String, query: String) async throws
  {
    try await withFile { database, path in
      try MirrorFile(path: path).execute(
        "ALTER TABLE \(table) RENAME TO hidden; CREATE VIEW \(table) AS \(query)")
      let words = "its view \(table) is not as it was made"
      let file = try await ReadableFile(path: path)
      defer { file.close() }
      await #expect(throws: AuditFileError.corrupt(words)) { try await file.summary }
      await #expect(throws: AuditFileError.corrupt(words)) { try await Self.verify(path) }
      await #expect(throws: AuditFileError.corrupt(words)) {
        try await Self.compare(path, database)
      }
      await #expect(throws: AuditFileError.corrupt(words)) {
        try await Export(.file(file), as: .csv).write(to: path + ".csv")
      }
      // A view of ours may have followed the table to its new name, and is named then.
      try await database.withMirror(at: path) { mirror in
        try await expectSoon {
          mirror.health.current.state.problem?.contains(" is not as it was made") == true
        }
      }
    }
  }

  @Test func `a unique index is in a node's way, and not in a reader's`() async throws {
    try await withFile { database, path in
      try MirrorFile(path: path).execute(
        "CREATE UNIQUE INDEX Once ON audit_entries (budget_id, budget_seq)")
      #expect(try await Self.verify(path) == [])
      try await database.withMirror(at: path) { mirror in
        try await expectSoon {
          mirror.health.current.state.problem?.contains(
            "has a unique index that is none of ours, once: drop it") == true
        }
      }
    }
  }

  @Test func `a trigger that somebody makes while a node is running changes nothing`()
    async throws
  {
    try await withFile { database, path in
      let file = MirrorFile(path: path)
      try await database.withMirror(at: path) { mirror in
        try await expectSoon { mirror.health.current.state == .following }
        try file.execute("CREATE INDEX by_budget ON audit_entries (budget_id, budget_seq)")
        try await database.withNodes(1) { _ = try await $0[0].perform(.charging("user:bob")) }
        try await database.expectMirrored(in: path)
        try file.execute(
          """
          CREATE TRIGGER cheap AFTER INSERT ON audit_entries
          BEGIN UPDATE audit_entries SET cost = 0 WHERE rowid = new.rowid; END
          """)
        try await database.withNodes(1) { _ = try await $0[0].perform(.charging("user:bob")) }
        try await expectSoon {
          mirror.health.current.state.problem?.contains("none of ours, cheap") == true
        }
        try file.execute("DROP TRIGGER cheap")
        try await database.expectMirrored(in: path)
      }
    }
  }

  @Test func `a file is of one format, whoever says so`() async throws {
    try await withFile { _, path in
      try MirrorFile(path: path).execute("UPDATE meta SET format_version = 3")
      let file = try await ReadableFile(path: path)
      defer { file.close() }
      await #expect(
        throws: AuditFileError.corrupt("its header says that its format is 4, and meta another")
      ) {
        try await FileVerification(file).run()
      }
    }
  }

  @Test(arguments: [
    (3, "this program knows 4. An earlier program made it: where it is a node's, move it away"),
    (5, "its format is 5, and this program knows 4"),
  ])
  func `a file of another format is left alone, and a new one is made once it is away`(
    format: Int, words: String
  ) async throws {
    try await withFile { database, path in
      try MirrorFile(path: path).execute(
        "PRAGMA user_version = \(format); UPDATE meta SET format_version = \(format)")
      let before = try Data(contentsOf: URL(filePath: path))
      let error = await #expect(throws: AuditFileError.self) { try await ReadableFile(path: path) }
      #expect(error.map { "\($0)".contains(words) } == true, "\(String(describing: error))")
      try await database.withMirror(at: path) { mirror in
        try await expectSoon { mirror.health.current.state.problem?.contains(words) == true }
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".kept")
        try await database.expectMirrored(in: path)
      }
    }
  }

  /// Numbers that are none of a place or of rows, and would overflow in a sum; and a file that says two things.
  static let confusions = [
    "UPDATE cursors SET transaction_id = -1",
    "UPDATE cursors SET transaction_id = 9223372036854775807",
    "UPDATE cursors SET entries = 9223372036854775807",
    "UPDATE cursors SET epoch = -9223372036854775807 - 1", "UPDATE cursors SET entry_id = 'x'",
    "UPDATE meta SET ledger_id = 'another'", "UPDATE meta SET filter = ''",
    "DELETE FROM meta",
    """
    PRAGMA ignore_check_constraints = ON;
    INSERT INTO meta SELECT 2, format_version, '00000000-0000-0000-0000-000000000000', 1,
                            complete_as_of, 'x', 100 FROM meta
    """,
    "PRAGMA ignore_check_constraints = ON; UPDATE meta SET only_row = 2",
  ]

  @Test(arguments: confusions)
  func `a file that does not say whose it is and where it ends is damaged`(sql: String)
    async throws
  {
    try await withFile { database, path in
      try MirrorFile(path: path).execute(sql)
      let file = try await ReadableFile(path: path)
      defer { file.close() }
      await #expect(throws: AuditFileError.self) { try await file.summary }
      await #expect(throws: AuditFileError.self) { try await Self.verify(path) }
      await #expect(throws: AuditFileError.self) { try await Self.compare(path, database) }
      await #expect(throws: AuditFileError.self) {
        try await Export(.file(file), as: .csv).write(to: path + ".csv")
      }
      // A node sets it aside. Only then is there another: the old one has as many entries.
      try await database.withMirror(at: path) { mirror in
        try await expectSoon { mirror.health.current.state == .following }
        #expect(FileManager.default.fileExists(atPath: path + ".corrupt-2026-01-01T000000"))
        try await database.expectMirrored(in: path)
      }
    }
  }

  /// In the table of the chains' ends, and in an entry that it does not know of yet.
  @Test(arguments: [
    "UPDATE budget_heads SET balance = -9223372036854775807 - 1",
    "UPDATE budget_heads SET last_seq = 9223372036854775807",
    """
    DELETE FROM budget_heads; UPDATE meta SET heads_through = 0;
    UPDATE audit_entries SET balance_after = 9223372036854775807 WHERE budget_seq = 20
    """,
  ])
  func `a file in which a chain ends with what nobody can have is damaged`(sql: String)
    async throws
  {
    try await withFile { database, path in
      try MirrorFile(path: path).execute(sql)
      try await database.withNodes(1) { nodes in
        _ = try await nodes[0].perform(.adjusting("user:alice", by: 5))
      }
      try await database.withMirror(at: path) { _ in
        try await expectSoon {
          FileManager.default.fileExists(atPath: path + ".corrupt-2026-01-01T000000")
        }
        try await database.expectMirrored(in: path)
      }
    }
  }

  /// Within its first page, between two pages, and in the middle of one.
  @Test(arguments: [2_000, 8_192, 50_000])
  func `nothing appears beside a copy that was cut short`(length: Int) async throws {
    try await withFile { _, path in
      let directory = path + ".copies"
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      let copy = directory + "/copy.db"
      try Data(contentsOf: URL(filePath: path)).prefix(length).write(to: URL(filePath: copy))
      let faults = try? await Self.verify(copy)
      #expect(faults != [])
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["copy.db"])
    }
  }

  static func verify(_ path: String) async throws -> [TrailFault] {
    try await report(path).faults
  }

  static func report(_ path: String) async throws -> TrailReport {
    let file = try await ReadableFile(path: path)
    defer { file.close() }
    return try await FileVerification(file).run()
  }

  /// What differs, beside what is wrong with the file by itself.
  static func compare(_ path: String, _ database: TestDatabase) async throws -> [TrailFault] {
    let found = try await comparison(path, database).report.faults
    return try await Array(found.dropFirst(verify(path).count))
  }

  static func comparison(
    _ path: String, _ database: TestDatabase
  ) async throws -> Comparison.Result {
    let file = try await ReadableFile(path: path)
    defer { file.close() }
    return try await Comparison(file, connectionString: database.connectionString).run()
  }

  /// Lends a ledger with twenty entries of alice's, and the file of a node that has ended.
  private func withFile(
    _ body: (TestDatabase, _ path: String) async throws -> Void
  ) async throws {
    try await TestDatabase.withAuditFile { database, path in
      try await database.withNodes(1) { nodes in
        for number in 2...20 {
          _ = try await nodes[0].perform(
            .charging("user:alice", requestID: "request-\(number)-x"))
        }
      }
      // The chain's end is written once, with the last entry, however few the mirror gets at a time:
      // somebody's transaction, in another test's database even, may hold the rest back.
      let onceOfAll = { (settings: inout AuditMirrorSettings) in settings.headsInterval = 20 }
      try await database.withMirror(at: path, configure: onceOfAll) { _ in
        try await database.expectMirrored(in: path)
      }
      try await body(database, path)
    }
  }
}
