import BreakGlass
import ClaimedFile
import Foundation
import GRDB
import Testing
import TrustBudget
import TrustBudgetTesting

/// The journal on disk: what it keeps, and what it refuses.
@Suite struct JournalTests {
  private func record(
    _ journal: BreakGlassJournal, _ issuances: BreakGlassIssuance...
  ) async throws -> [BreakGlassOutcome] {
    try await journal.record(issuances.map { ($0, .testClock()) }, node: "node-1")
  }

  @Test func `events are numbered from one, chained, and there when it is opened again`()
    async throws
  {
    try await TemporaryDirectory.with { directory in
      let id: String
      do {
        let journal = try BreakGlassJournal(path: directory.journal)
        id = journal.journalID
        let outcomes = try await record(journal, .of("alice"), .of("bob", approvers: []))
        #expect(outcomes.map { $0.event?.sequence } == [1, 2])
      }
      let journal = try BreakGlassJournal(path: directory.journal)
      #expect(journal.journalID == id)
      #expect(journal.sequence == 2)
      #expect(try await record(journal, .of("carol")).first?.event?.sequence == 3)
      var chain = BreakGlassChain(journalID: id)
      for event in try await journal.events(after: 0, limit: 10) { try chain.verify(event) }
      #expect(chain.sequence == 3)
    }
  }

  @Test func `the file and its directory are made, for the owner and the group alone`() async throws
  {
    try await TemporaryDirectory.with { directory in
      let journal = try BreakGlassJournal(path: directory.journal)
      _ = try await record(journal, .of())
      for name in try FileManager.default.contentsOfDirectory(atPath: directory.file("data")) {
        let attributes = try FileManager.default.attributesOfItem(
          atPath: directory.file("data/\(name)"))
        #expect(attributes[.posixPermissions] as? Int == 0o640, "\(name)")
      }
    }
  }

  @Test(arguments: ["-wal", "-shm"])
  func
    `nothing is recorded in a journal whose log was removed, and all is there when it is opened again`(
      ending: String
    ) async throws
  {
    try await TemporaryDirectory.with { directory in
      let path = directory.journal
      do {
        let journal = try BreakGlassJournal(path: path)
        _ = try await record(journal, .of("alice"))
        #expect(unlink(path + ending) == 0)
        await #expect(throws: JournalProblem.vanished(path)) {
          try await record(journal, .of("bob"))
        }
      }
      let journal = try BreakGlassJournal(path: path)
      #expect(journal.sequence == 1)
      #expect(try await record(journal, .of("carol")).first?.event?.sequence == 2)
    }
  }

  @Test func `a repeated request is the same event, another one with its id is refused`()
    async throws
  {
    try await TemporaryDirectory.with { directory in
      let journal = try BreakGlassJournal(path: directory.journal)
      let first = try await record(journal, .of("alice", id: "1"))
      let again = try await record(
        journal, .of("alice", id: "1"), .of("mallory", id: "1"), .of("alice", id: "2"),
        .of("alice", id: "2"))
      #expect(again[0] == .recorded(try #require(first[0].event), replayed: true))
      #expect(again[1] == .mismatch)
      #expect(again[2].event == again[3].event)
      #expect(!again[2].isReplay && again[3].isReplay)
      #expect(journal.sequence == 2)
    }
  }

  @Test func `two processes never write one journal`() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let path = directory.file("journal.db")
    do {
      let journal = try BreakGlassJournal(path: path)
      #expect(throws: JournalProblem.inUse(path, by: "process \(getpid())")) {
        try BreakGlassJournal(path: path)
      }
      #expect(journal.sequence == 0)
    }
    _ = try BreakGlassJournal(path: path)
  }

  @Test func `rows are neither changed nor deleted`() async throws {
    try await TemporaryDirectory.with { directory in
      let journal = try BreakGlassJournal(path: directory.journal)
      _ = try await record(journal, .of())
      let intruder = try DatabaseQueue(path: directory.journal)
      for change in [
        "UPDATE break_glass_events SET reason = 'x'", "DELETE FROM break_glass_events",
      ] {
        await #expect(throws: DatabaseError.self) {
          try await intruder.write { try $0.execute(sql: change) }
        }
      }
    }
  }

  @Test(arguments: [
    "UPDATE break_glass_events SET reason = 'nothing' WHERE node_seq = 2",
    "UPDATE break_glass_events SET reason = CAST(x'66697265FF' AS TEXT) WHERE node_seq = 2",
    "UPDATE break_glass_events SET reason = reason || char(0) || 'x' WHERE node_seq = 2",
    "UPDATE break_glass_events SET approvers = '[]' WHERE node_seq = 2",
    "UPDATE break_glass_events SET approvers = 'bob' WHERE node_seq = 2",
    "UPDATE break_glass_events SET occurred_at = 'yesterday' WHERE node_seq = 2",
    "UPDATE break_glass_events SET hash = x'00' WHERE node_seq = 2",
    "DELETE FROM break_glass_events WHERE node_seq = 1",
    "DELETE FROM break_glass_events WHERE node_seq = 2",
    "UPDATE journal SET journal_id = '00000000-0000-0000-0000-000000000000'",
    "DELETE FROM journal",
    "ALTER TABLE break_glass_events DROP COLUMN actor",
    "DROP TABLE break_glass_events",
  ])
  func `a journal that was changed by hand is not gone on with`(change: String) async throws {
    try await TemporaryDirectory.with { directory in
      do {
        let journal = try BreakGlassJournal(path: directory.journal)
        // What is no UTF-8 is repaired to the last character.
        _ = try await record(journal, .of(), .of(reason: "fire\u{FFFD}"), .of())
      }
      try await DatabaseQueue(path: directory.journal).write { database in
        try database.execute(
          sql: """
            DROP TRIGGER break_glass_events_no_update;
            DROP TRIGGER break_glass_events_no_delete;
            \(change);
            """)
        guard !change.hasPrefix("DROP") else { return }
        try database.execute(
          sql: """
            CREATE TRIGGER break_glass_events_no_update BEFORE UPDATE ON break_glass_events
                BEGIN SELECT RAISE(ABORT, 'break_glass_events is append-only'); END;
            CREATE TRIGGER break_glass_events_no_delete BEFORE DELETE ON break_glass_events
                BEGIN SELECT RAISE(ABORT, 'break_glass_events is append-only'); END;
            """)
      }
      let problem = #expect(throws: JournalProblem.self) {
        try BreakGlassJournal(path: directory.journal)
      }
      guard case .corrupt = problem else {
        Issue.record("\(String(describing: problem))")
        return
      }
    }
  }

  @Test(arguments: [Int64.min, -1, 0, 1, 2, .max])
  func `how far PostgreSQL has it is between nothing and all, whatever the file says`(
    forwarded: Int64
  ) async throws {
    try await TemporaryDirectory.with { directory in
      do {
        let journal = try BreakGlassJournal(path: directory.journal)
        _ = try await record(journal, .of())
      }
      try await DatabaseQueue(path: directory.journal).write {
        try $0.execute(
          sql: "UPDATE journal SET forwarded_through = ?", arguments: [forwarded])
      }
      let journal = try BreakGlassJournal(path: directory.journal)
      #expect(journal.forwardedThrough == min(max(forwarded, 0), 1))
    }
  }

  @Test func `a journal that somebody else numbers on is not gone on with`() async throws {
    try await TemporaryDirectory.with { directory in
      let journal = try BreakGlassJournal(path: directory.journal)
      _ = try await record(journal, .of())
      try await DatabaseQueue(path: directory.journal).write {
        try $0.execute(
          sql: """
            CREATE TEMP TABLE forged AS SELECT * FROM break_glass_events;
            UPDATE forged SET node_seq = 9223372036854775807, request_id = 'forged';
            INSERT INTO break_glass_events SELECT * FROM forged;
            """)
      }
      let problem = await #expect(throws: JournalProblem.self) {
        try await record(journal, .of())
      }
      #expect(
        problem == .corrupt("event 9223372036854775807 is none that was numbered here"))
    }
  }

  @Test func `another program's database, a newer journal and one in UTF-16 are left alone`()
    async throws
  {
    try await TemporaryDirectory.with { directory in
      let other = directory.file("other.db")
      try await DatabaseQueue(path: other).write { try $0.execute(sql: "CREATE TABLE mine (x)") }
      // Whose texts would be repaired on their way to UTF-8.
      let wide = directory.file("wide.db")
      try await DatabaseQueue(path: wide).writeWithoutTransaction {
        try $0.execute(
          sql: """
            PRAGMA encoding = 'UTF-16le'; PRAGMA application_id = 0x54426267; PRAGMA user_version = 1;
            CREATE TABLE journal (x)
            """)
      }
      do { _ = try BreakGlassJournal(path: directory.journal) }
      try await DatabaseQueue(path: directory.journal).write {
        try $0.execute(sql: "PRAGMA user_version = 2")
      }
      for path in [other, wide, directory.journal] {
        let problem = #expect(throws: JournalProblem.self) { try BreakGlassJournal(path: path) }
        guard case .foreign = problem else {
          Issue.record("\(String(describing: problem))")
          continue
        }
      }
      let mode = try await DatabaseQueue(path: other).read {
        try String.fetchOne($0, sql: "PRAGMA journal_mode")
      }
      #expect(mode == "delete")
    }
  }

  @Test func `what a file is can be told before it is opened, unless its log alone says so`()
    async throws
  {
    try await TemporaryDirectory.with { directory in
      let journal = try BreakGlassJournal(path: directory.journal)
      #expect(DatabaseHeader(directory.journal)?.kind == .breakGlassJournal)
      withExtendedLifetime(journal) {}
      let path = directory.file("begun.db")
      let begun = try DatabasePool(path: path)
      try await begun.write {
        try $0.execute(sql: "PRAGMA application_id = 0x54426267; CREATE TABLE journal (x)")
      }
      #expect(DatabaseHeader(path)?.kind == nil)
      #expect(!ClaimedFile.isForeign(path, to: .breakGlassJournal))
      try begun.close()
      #expect(ClaimedFile.isForeign(path, to: .auditFile))
      let other = directory.file("other.db")
      try await DatabaseQueue(path: other).write { try $0.execute(sql: "CREATE TABLE mine (x)") }
      #expect(ClaimedFile.isForeign(other, to: .breakGlassJournal))
    }
  }
}
