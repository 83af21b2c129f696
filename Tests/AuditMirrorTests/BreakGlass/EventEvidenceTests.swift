import AuditMirror
import BudgetLedger
import Foundation
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

/// What somebody does to the trail of emergencies, in a file or in PostgreSQL, is found and told apart.
@Suite struct EventEvidenceTests {
  /// What is done to a file, to which event it shows, and what is said of it.
  static let tamperings: [(sql: String, sequence: Int64?, words: String)] = [
    ("UPDATE break_glass_events SET reason = 'x' WHERE node_seq = 4", 4, "its hash does not match"),
    ("UPDATE break_glass_events SET ticket = '' WHERE node_seq = 3", 3, "its hash does not match"),
    (
      "UPDATE break_glass_events SET approvers = '[\"bob\"]' WHERE node_seq = 4", 4,
      "its hash does not match"
    ),
    (
      "UPDATE break_glass_events SET approvers = '[ ]' WHERE node_seq = 3", 3, "no value of ours"
    ),
    ("UPDATE break_glass_events SET reason = x'00' WHERE node_seq = 4", 4, "no value of ours"),
    (
      """
      UPDATE break_glass_events SET reason = replace(reason, char(65533), CAST(x'FF' AS TEXT))
      WHERE node_seq = 4
      """, 4, "no value of ours: must be UTF-8 (reason)"
    ),
    ("DELETE FROM break_glass_events WHERE node_seq = 4", 5, "events are missing or repeated"),
    (
      "DELETE FROM break_glass_events WHERE node_seq = 10", nil,
      "event 10 is gone: the trail ends at 9"
    ),
    ("DELETE FROM break_glass_events WHERE node_seq > 8", nil, "events 9 to 10 are gone"),
    ("DELETE FROM break_glass_events", nil, "all its events are gone; the head is event 10"),
    (
      """
      UPDATE break_glass_events SET reason = 'x', hash = zeroblob(32) WHERE node_seq = 10
      """, 10, "its hash does not match"
    ),
    ("UPDATE break_glass_journals SET last_hash = zeroblob(32)", nil, "the head has another hash"),
    ("UPDATE break_glass_journals SET last_seq = 3", nil, "goes on to 10"),
    ("DELETE FROM break_glass_journals", nil, "the file knows of no such journal"),
    (
      """
      UPDATE cursors SET entries = 12 WHERE table_name = 'break_glass_events'
      """, nil, "says that it holds 12 break-glass events, and there are 10"
    ),
    (
      "UPDATE break_glass_events SET rowid = 9223372036854775807 WHERE node_seq = 10", nil,
      "are numbered 1 to 9223372036854775807"
    ),
  ]

  @Test(arguments: tamperings.indices)
  func `what was changed in a file is found`(index: Int) async throws {
    let (sql, sequence, words) = Self.tamperings[index]
    try await withFile { _, path, _ in
      #expect(try await TamperingTests.verify(path) == [])
      try MirrorFile(path: path).execute(sql)
      let faults = try await TamperingTests.verify(path)
      let fault = try #require(faults.first, "\(sql)")
      #expect(fault.problem.contains(words), "\(sql): \(faults)")
      if let sequence { #expect(fault.sequence == sequence, "\(sql): \(faults)") }
      if sequence != nil { #expect(fault.description.hasPrefix("journal 00000000-")) }
    }
  }

  @Test func `an event that was rewritten with a hash that fits is found by the head`() async throws
  {
    try await withFile { _, path, events in
      // Whoever knows how can make the newest event anew.
      var chain = BreakGlassChain(journalID: events[0].journalID)
      for event in events.dropLast() { try chain.verify(event) }
      let forged = chain.append(
        BreakGlassIssuance(
          requestID: try RequestID("forged"), content: RequestContent(["forged"]),
          username: try Username("mallory"), reason: "none", ticket: nil, approvers: [],
          principals: ["root"], maxDuration: "60s", maxDurationSeconds: 60,
          requestedDurationSeconds: nil, policyDigest: Digest(hashing: []), actor: nil),
        node: "node-1", at: events[9].occurredAt)
      try MirrorFile(path: path).execute(
        """
        UPDATE break_glass_events SET username = 'mallory', reason = 'none', ticket = NULL,
          approvers = '[]', principals = '["root"]', requested_duration_seconds = NULL,
          request_id = 'forged', request = '\(forged.request)', actor = NULL,
          hash = x'\(forged.hash.hexadecimal)'
        WHERE node_seq = 10
        """)
      let faults = try await TamperingTests.verify(path)
      #expect(faults.count == 1)
      #expect(faults.first?.problem.contains("event 10 was rewritten") == true, "\(faults)")
    }
  }

  @Test func `the journal of another ledger is told from the file's own`() async throws {
    try await withFile { database, path, _ in
      try await TestDatabase.withLedger { other in
        var foreign = Emergencies(7)
        try await other.record(foreign.next(2))
        let otherPath = path + ".other"
        try await other.withMirror(at: otherPath) { _ in
          try await other.expectMirrored(in: otherPath)
        }
        try MirrorFile(path: path).execute(
          """
          ATTACH '\(otherPath)' AS other;
          INSERT INTO break_glass_events SELECT * FROM other.break_glass_events;
          """)
        let faults = try await TamperingTests.verify(path)
        #expect(faults.contains { $0.chain == .journal(foreign.journalID) }, "\(faults)")
        // With head and count as they should be, the file is sound by itself.
        try MirrorFile(path: path).execute(
          """
          ATTACH '\(otherPath)' AS other;
          INSERT INTO break_glass_journals SELECT * FROM other.break_glass_journals;
          UPDATE cursors SET entries = 12, (epoch, transaction_id, entry_id) =
            (SELECT epoch, transaction_id, event_id FROM break_glass_events
             ORDER BY rowid DESC LIMIT 1)
          WHERE table_name = 'break_glass_events';
          """)
        #expect(try await TamperingTests.verify(path) == [])
        let differing = try await TamperingTests.compare(path, database)
        #expect(differing.count == 2, "\(differing)")
        #expect(differing.allSatisfy { $0.chain == .journal(foreign.journalID) })
      }
    }
  }

  @Test func `a file without its emergencies, as if there had been none, is found by comparing`()
    async throws
  {
    try await withFile { database, path, _ in
      _ = try await database.withNodes(1) { try await $0[0].perform(.charging("user:alice")) }
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
        try await expectSoon {
          MirrorFile(path: path).count("SELECT complete_as_of IS NOT NULL FROM meta") == 1
        }
      }
      try MirrorFile(path: path).execute(
        """
        DELETE FROM break_glass_events; DELETE FROM break_glass_journals;
        UPDATE cursors SET epoch = 0, transaction_id = 0, entry_id = 0, entries = 0
        WHERE table_name = 'break_glass_events';
        """)
      #expect(try await TamperingTests.verify(path) == [])
      let faults = try await TamperingTests.compare(path, database)
      #expect(faults.count == 10, "\(faults)")
      #expect(faults.allSatisfy { $0.problem == "it is in PostgreSQL, and not in the file" })
      // Whether or not it has ever been complete: events come before the entries that are there.
      let incomplete = try MirrorFile(path: path).changed(
        by: "UPDATE meta SET complete_as_of = NULL")
      #expect(try await TamperingTests.compare(incomplete, database).count == 10)
      // And though it looks like an export.
      let export = try MirrorFile(path: path).changed(
        by: """
          UPDATE meta SET complete_as_of = NULL;
          CREATE UNIQUE INDEX audit_entries_budget ON audit_entries (budget_id, budget_seq)
          """)
      #expect(try await TamperingTests.compare(export, database).count == 10)
      try MirrorFile(path: path).execute(
        "DELETE FROM cursors WHERE table_name = 'break_glass_events'")
      await #expect(throws: AuditFileError.corrupt("its table cursors lacks break_glass_events")) {
        try await TamperingTests.verify(path)
      }
    }
  }

  /// What is done to the newest event in PostgreSQL, and what the program says of it.
  static let impossible: [(sql: String, problem: String)] = [
    (
      "occurred_at = (timezone('UTC', occurred_at)::text || 'Z BC')::timestamptz",
      "it holds what is no value of ours: must be a moment of the years 1 to 9999"
    ),
    (
      "occurred_at = occurred_at + interval '10000 years'",
      "it holds what is no value of ours: must be a moment of the years 1 to 9999"
    ),
    ("epoch = 0", "it is of epoch 0, and the ledger is in epoch 1"),
    ("epoch = 2", "it is of epoch 2, and the ledger is in epoch 1"),
  ]

  @Test(arguments: impossible.indices)
  func `what no event can be is found in PostgreSQL by the program and by SQL`(index: Int)
    async throws
  {
    let (sql, problem) = Self.impossible[index]
    try await TestDatabase.withLedger { database in
      var journal = Emergencies()
      try await database.record(journal.next(3))
      try await database.tamperWithEvents(
        """
        ALTER TABLE trust_budget.break_glass_events DROP CONSTRAINT epoch_is_current;
        UPDATE trust_budget.break_glass_events SET \(sql) WHERE node_seq = 3
        """)
      #expect(
        try await database.ledgerFaults() == ["journal \(journal.journalID) event 3: \(problem)"])
      let inSQL = try await database.query(
        "SELECT journal_id, node_seq FROM trust_budget.verify_all_break_glass()")
      #expect(inSQL == [[journal.journalID, "3"]])
    }
  }

  @Test(arguments: ["approvers", "principals"])
  func `a list that begins elsewhere, and has the hash of one that does not, is refused`(
    column: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      var journal = Emergencies()
      try await database.record(journal.next())
      let error = await #expect(throws: PostgresError.self) {
        try await database.tamperWithEvents(
          "UPDATE trust_budget.break_glass_events SET \(column) = '[7:8]={bob,eve}'")
      }
      #expect(error?.constraint == "\(column)_are_a_plain_list")
    }
  }

  @Test func `an event that came to PostgreSQL in another age is refused by its name`() async throws
  {
    try await withFile { database, path, events in
      try await database.tamperWithEvents(
        """
        UPDATE trust_budget.break_glass_events SET recorded_at = recorded_at + interval '10000 years'
        WHERE node_seq = 10
        """)
      let faults = try await TamperingTests.compare(path, database)
      #expect(
        faults.first?.description.contains(
          /journal \S+ event 10 \(event_id [0-9]+\): it holds what is no value of ours/) == true,
        "\(faults)")
    }
  }

  @Test func `an export of a PostgreSQL that lacks an event is refused`() async throws {
    try await withFile { database, path, _ in
      try await database.tamperWithEvents(
        "DELETE FROM trust_budget.break_glass_events WHERE node_seq = 4")
      // Somebody else's open transaction may make it look as if the event were on its way.
      let isRefused = try await eventually {
        do {
          _ = try await Export(
            .postgres(connectionString: database.connectionString), as: .sqlite
          ).write(to: path + ".export")
          return false
        } catch let error as AuditFileError {
          #expect("\(error)".contains("and the one before it is not"))
          return true
        }
      }
      #expect(isRefused)
    }
  }

  @Test func `one byte that was flipped in a copy is found`() async throws {
    try await withFile { _, path, _ in
      for number in [2, 7] {
        let target = try MirrorFile(path: path)
          .flipped(in: "fire, \"smoke\"\u{301}\nand Größe \(number)")
        let faults = try await TamperingTests.verify(target)
        #expect(faults.map(\.sequence) == [Int64(number)])
      }
    }
  }

  @Test func `a file is compared with PostgreSQL event for event`() async throws {
    try await withFile { database, path, _ in
      #expect(try await TamperingTests.compare(path, database) == [])
      try await database.tamperWithEvents(
        """
        UPDATE trust_budget.break_glass_events SET reason = 'none' WHERE node_seq = 2;
        UPDATE trust_budget.break_glass_events SET reason = normalize(reason, NFD)
        WHERE node_seq = 3;
        DELETE FROM trust_budget.break_glass_events WHERE node_seq = 5
        """)
      try MirrorFile(path: path).execute("DELETE FROM break_glass_events WHERE node_seq = 8")
      let faults = try await TamperingTests.compare(path, database)
      #expect(faults.map(\.sequence) == [2, 3, 5, 8])
      #expect(faults[0].problem.contains("differ in reason"))
      #expect(faults[1].problem.contains("differ in reason"))
      #expect(faults[2].problem.contains("not in PostgreSQL"))
      #expect(faults[3].problem.contains("not in the file"))
    }
  }

  /// What is done to PostgreSQL, and how a mirror refuses it.
  static let refusals: [(sql: String, words: String)] = [
    (
      "DELETE FROM trust_budget.break_glass_events WHERE node_seq = 10",
      "PostgreSQL has lost the audit file's newest break-glass events"
    ),
    (
      "DELETE FROM trust_budget.break_glass_events WHERE node_seq = 4",
      "break-glass events are missing in PostgreSQL's trail"
    ),
    (
      """
      UPDATE trust_budget.break_glass_events SET reason = 'x', hash = sha256('x')
      WHERE node_seq = 4
      """, "event 4 is one thing in the audit file and another in PostgreSQL"
    ),
    (
      """
      UPDATE trust_budget.break_glass_events
      SET reason = 'routine test', username = 'nobody', transaction_id = pg_current_xact_id()
      WHERE node_seq = 4
      """, "event 4 is one thing in the audit file and another in PostgreSQL"
    ),
    (copy(sequence: "node_seq + 1"), "event 11: its hash does not match its content"),
    (copy(sequence: "node_seq + 2"), "event 12 is in PostgreSQL, and the one before it is not"),
  ]

  @Test(arguments: refusals.indices)
  func `a mirror refuses what does not fit, and keeps the file`(index: Int) async throws {
    let (sql, words) = Self.refusals[index]
    try await withFile { database, path, _ in
      let before = try MirrorFile(path: path).emergencies()
      try await database.tamperWithEvents(sql)
      try await database.withMirror(at: path) { mirror in
        let isRefused = try await eventually {
          if case .refused = mirror.health.current.state { true } else { false }
        }
        let state = mirror.health.current.state
        #expect(isRefused, "\(state)")
        #expect(state.problem?.contains(words) == true, "\(state)")
        #expect(state.problem?.contains("The file is kept") == true, "\(state)")
      }
      // What waits for another one may be there as well, and is marked.
      #expect(Array(try MirrorFile(path: path).emergencies().prefix(before.count)) == before)
    }
  }

  @Test func `an event that was taken out of the file is no fork of its journal`() async throws {
    try await withFile { database, path, _ in
      try MirrorFile(path: path).execute(
        """
        DELETE FROM break_glass_events WHERE node_seq = 10;
        UPDATE cursors SET (epoch, transaction_id, entry_id, entries) =
          (SELECT epoch, transaction_id, event_id, 9 FROM break_glass_events WHERE node_seq = 9)
        WHERE table_name = 'break_glass_events';
        """)
      try await database.withMirror(at: path) { mirror in
        try await expectSoon {
          mirror.health.current.state.problem?.contains(
            "event 10 was in it, and is not any more") == true
        }
      }
      #expect(MirrorFile(path: path).events == 9)
    }
  }

  private static func copy(sequence: String) -> String {
    """
    INSERT INTO trust_budget.break_glass_events
           (epoch, journal_id, node_seq, node, username, reason, approvers, principals,
            max_duration, max_duration_seconds, request_id, request, policy_digest, occurred_at,
            hash)
    SELECT epoch, journal_id, \(sequence), node, username, 'forged', approvers, principals,
           max_duration, max_duration_seconds, 'forged', request, policy_digest, occurred_at,
           sha256('forged')
    FROM trust_budget.break_glass_events ORDER BY node_seq DESC LIMIT 1
    """
  }

  /// Lends a ledger with ten events of one journal, and the file of a node that has ended.
  private func withFile(
    _ body: (TestDatabase, _ path: String, [BreakGlassEvent]) async throws -> Void
  ) async throws {
    try await TestDatabase.withAuditFile { database, path in
      var journal = Emergencies()
      let events = try journal.next(10)
      try await database.record(events)
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
      }
      try await body(database, path, events)
    }
  }
}
