import AuditMirror
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Break-glass events come into the file as entries do.
@Suite struct EventTailTests {
  @Test(arguments: [1, 3, 4_096])
  func `a file holds every event of every journal, as it is in PostgreSQL`(pageSize: Int)
    async throws
  {
    try await TestDatabase.withAuditFile { database, path in
      var (first, second) = (Emergencies(1), Emergencies(2))
      try await database.record(first.next(6))
      try await database.withMirror(at: path, configure: { $0.pageSize = pageSize }) { mirror in
        try await database.expectMirrored(in: path)
        // With no entry at all, too, the file says as of when it is complete.
        try await expectSoon {
          MirrorFile(path: path).count("SELECT complete_as_of IS NOT NULL FROM meta") == 1
        }
        try await database.record(second.next(3))
        _ = try await database.withNodes(1) { try await RandomTrail.write(50, on: $0) }
        try await database.record(first.next(2, username: "carol"))
        try await database.expectMirrored(in: path)
        try await expectSoon { mirror.health.current.events == 11 }
      }
      let file = MirrorFile(path: path)
      #expect(
        try file.query("SELECT last_seq FROM break_glass_journals ORDER BY 1") == [["3"], ["8"]])
      #expect(
        try file.query("SELECT entries FROM cursors WHERE table_name = 'break_glass_events'")
          == [["11"]])
      #expect(try await TamperingTests.verify(path) == [])
      #expect(try await TamperingTests.compare(path, database) == [])
    }
  }

  @Test func `an event that is below the horizon before the one it follows waits for it`()
    async throws
  {
    try await TestDatabase.withAuditFile { database, path in
      let file = MirrorFile(path: path)
      var journal = Emergencies()
      let events = try journal.next(3)
      try await database.withConnection { early in
        try await early.execute("BEGIN; SELECT pg_current_xact_id()")
        try await database.withConnection { between in
          try await between.execute("BEGIN; SELECT pg_current_xact_id()")
          try await database.record([events[0]])
          // The transaction that began first brings the second event, and the third.
          try await early.run { session in
            for event in events[1...] {
              _ = try session.execute(InsertBreakGlassEvent(event: event))
            }
          }
          try await early.execute("COMMIT")
          try await database.withMirror(at: path) { _ in
            try await expectSoon { file.events == 2 }
            #expect(file.count("SELECT count(*) FROM break_glass_awaited") == 2)
            #expect(file.count("SELECT count(*) FROM break_glass_journals") == 0)
          }
          let report = try await TamperingTests.report(path)
          #expect(report.isSound && report.unverifiable == 2)
          #expect(try PythonVerifierTests.verify(path).status == 0)
          let copy = try file.changed(by: "UPDATE break_glass_awaited SET horizon = 1")
          #expect(try await TamperingTests.verify(copy).map(\.sequence) == [2, 3])
          #expect(try PythonVerifierTests.verify(copy).status == 1)
          try await between.execute("ROLLBACK")
        }
      }
      // A node that was ended meanwhile knows what it waits for.
      try await database.withMirror(at: path) { mirror in
        try await expectSoon { file.events == 3 }
        try await expectSoon { file.count("SELECT count(*) FROM break_glass_awaited") == 0 }
        try await expectSoon { mirror.health.current.state == .following }
      }
      #expect(try file.query("SELECT last_seq FROM break_glass_journals") == [["3"]])
      #expect(try await TamperingTests.verify(path) == [])
      try await database.expectMirrored(in: path)
    }
  }

  @Test func `an open transaction holds events back, and that shows`() async throws {
    try await TestDatabase.withAuditFile { database, path in
      var journal = Emergencies()
      let events = try journal.next(2)
      try await database.withMirror(at: path) { mirror in
        try await expectSoon { mirror.health.current.state == .following }
        try await database.withConnection { session in
          try await session.execute("BEGIN; SELECT pg_current_xact_id()")
          try await database.record(events)
          try await expectSoon { mirror.health.current.lag > .seconds(1) }
          #expect(MirrorFile(path: path).events == 0)
          let file = try await ReadableFile(path: path)
          let behind = try await Behind.read(file, connectionString: database.connectionString)
          file.close()
          #expect(behind.events == 2 && behind.entries == 0 && behind.lag > .zero)
          try await session.execute("COMMIT")
        }
        try await database.expectMirrored(in: path)
        try await expectSoon { mirror.health.current.lag < .seconds(1) }
      }
    }
  }

  @Test func `an event that PostgreSQL lost and its node has sent again has its new place`()
    async throws
  {
    try await TestDatabase.withAuditFile { database, path in
      var journal = Emergencies()
      let events = try journal.next(4)
      try await database.record(events)
      try await database.withMirror(at: path) { mirror in
        try await database.expectMirrored(in: path)
        try await database.tamperWithEvents(
          "DELETE FROM trust_budget.break_glass_events WHERE node_seq > 2")
        try await database.record(Array(events[2...]))
        try await expectSoon {
          let theirs = try await database.emergencies()
          return try MirrorFile(path: path).emergencies() == theirs
        }
        try await expectSoon { mirror.health.current.state == .following }
      }
      // Also when the mirror has found out before the node.
      try await database.tamperWithEvents(
        "DELETE FROM trust_budget.break_glass_events WHERE node_seq > 3")
      try await database.withMirror(at: path) { mirror in
        try await expectSoon {
          mirror.health.current.state.problem?.contains("Its node sends it again") == true
        }
        try await database.record(Array(events[3...]))
        try await expectSoon {
          let theirs = try await database.emergencies()
          return try MirrorFile(path: path).emergencies() == theirs
        }
        try await expectSoon { mirror.health.current.state == .following }
      }
      #expect(try await TamperingTests.verify(path) == [])
      #expect(try await TamperingTests.compare(path, database) == [])
    }
  }
}

extension TestDatabase {
  /// Does what an owner can who has lifted what forbids it.
  func tamperWithEvents(_ sql: String) async throws {
    try await execute(
      """
      ALTER TABLE trust_budget.break_glass_events DISABLE TRIGGER ALL,
        DROP CONSTRAINT IF EXISTS year_has_four_digits;
      \(sql);
      """)
  }
}
