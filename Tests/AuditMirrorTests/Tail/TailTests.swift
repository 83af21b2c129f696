import AuditMirror
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// What is committed comes into the file, in whatever order that happens.
@Suite struct TailTests {
  @Test func `a file holds every entry of every kind, as it is in PostgreSQL`() async throws {
    try await TestDatabase.withLedger { database in
      try await TemporaryDirectory.with { directory in
        let path = directory.file("server/data/trust_budget.db")
        try await database.withNodes(2) { nodes in
          try await database.withMirror(at: path) { _ in
            try await RandomTrail.write(2_000, on: nodes)
            try await database.expectMirrored(in: path)
          }
        }
        let kinds = try MirrorFile(path: path).query("SELECT DISTINCT kind FROM audit_entries")
        #expect(kinds.count == Entry.Kind.allCases.count)
      }
    }
  }

  @Test func `a mirror that was off catches up page by page`() async throws {
    try await TestDatabase.withAuditFile { database, path in
      _ = try await database.withNodes(1) { try await RandomTrail.write(1_500, on: $0) }
      try await database.withMirror(
        at: path,
        configure: {
          $0.pageSize = 100
          $0.transactionSize = 350
        },
        { _ in try await database.expectMirrored(in: path) })
      _ = try await database.withNodes(1) { try await RandomTrail.write(500, seed: 2, on: $0) }
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 6])
  func `a window may end with a full page`(pageSize: Int) async throws {
    try await TestDatabase.withAuditFile { database, path in
      try await database.withNodes(1) { nodes in
        for _ in 0..<5 { _ = try await nodes[0].perform(.charging("user:alice")) }
      }
      try await database.withMirror(at: path, configure: { $0.pageSize = pageSize }) { _ in
        try await database.expectMirrored(in: path)
      }
    }
  }

  @Test func `nothing is missed when transactions commit in another order than they began`()
    async throws
  {
    try await TestDatabase.withAuditFile { database, path in
      // Every commit takes its time: up to a second, seldom.
      try await database.execute(
        """
        CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(power(random(), 20) * 0.8); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON trust_budget.audit_entries
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.budget_seq % 7 = 1)
        EXECUTE FUNCTION linger();
        """)
      try await database.withNodes(4) { nodes in
        try await database.withMirror(at: path) { _ in
          try await RandomTrail.write(1_200, callers: 16, on: nodes)
          try await database.expectMirrored(in: path)
        }
      }
    }
  }

  @Test func `an open transaction holds the mirror back, and is named`() async throws {
    try await TestDatabase.withAuditFile { database, path in
      try await database.withNodes(1) { nodes in
        try await database.withMirror(at: path) { mirror in
          try await database.withConnection { session in
            let pid = try await session.query("SELECT pg_backend_pid()")[0][0]
            try await session.execute("SET application_name = 'nightly report'")
            try await session.execute("BEGIN; SELECT pg_current_xact_id()")
            _ = try await nodes[0].perform(.charging("user:alice"))
            // At first it may be another test's, which holds the whole server's horizon back.
            try await expectSoon {
              mirror.health.current.holder?.processID.map { "\($0)" } == pid
                && mirror.health.current.lag > .seconds(1)
            }
            let holder = mirror.health.current.holder
            #expect(holder?.applicationName == "nightly report")
            #expect(holder?.since != nil)
            #expect(MirrorFile(path: path).entries == 0)
            try await session.execute("COMMIT")
          }
          try await database.expectMirrored(in: path)
          try await expectSoon { mirror.health.current.holder == nil }
          try await expectSoon { mirror.health.current.lag < .seconds(1) }
        }
      }
    }
  }

  @Test func `what is open at the first look, and over at the next, waits for no other poll`()
    async throws
  {
    try await TestDatabase.withAuditFile { database, path in
      let lastLook = """
        SELECT query_start FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE '% mirror'
          AND query LIKE '%pg_snapshot_xmin%'
        """
      try await database.withNodes(1) { nodes in
        try await database.withConnection { session in
          try await session.execute("BEGIN; SELECT pg_current_xact_id()")
          _ = try await nodes[0].perform(.charging("user:alice"))
          try await database.withMirror(
            at: path,
            configure: {
              $0.busyInterval = .seconds(3_600)
              $0.idleInterval = .seconds(3_600)
              // Another test may hold the whole server's horizon back.
              $0.looks = 10_000
            },
            { _ in
              try await expectSoon { try await !database.query(lastLook).isEmpty }
              let seen = try await database.query(lastLook)
              try await expectSoon { try await database.query(lastLook) != seen }
              #expect(MirrorFile(path: path).entries == 0)
              try await session.execute("COMMIT")
              try await database.expectMirrored(in: path)
            })
        }
      }
    }
  }

  @Test func `an entry that is below the horizon before the one it follows waits for it`()
    async throws
  {
    try await TestDatabase.withAuditFile { database, path in
      let file = MirrorFile(path: path)
      try await database.withNodes(1) { nodes in
        try await database.withConnection { early in
          try await early.execute("BEGIN; SELECT pg_current_xact_id()")
          try await database.withConnection { between in
            try await between.execute("BEGIN; SELECT pg_current_xact_id()")
            _ = try await nodes[0].perform(.charging("user:alice"))
            // The transaction that began first writes alice's third entry.
            try await early.appendDenial(to: "user:alice")
            try await early.execute("COMMIT")
            try await database.withMirror(at: path) { _ in
              try await expectSoon { file.entries == 1 }
              #expect(file.count("SELECT count(*) FROM awaited") == 1)
              #expect(file.count("SELECT count(*) FROM budgets") == 0)
            }
            let report = try await TamperingTests.report(path)
            #expect(report.isSound && report.unverifiable == 1)
            let verdict = try PythonVerifierTests.verify(path)
            #expect(verdict.output == "0 chains, 1 rows: ok, 1 of them cannot be verified\n")
            // The one before it should have come by then, so it is for ever that nobody verifies it.
            let copy = try file.changed(by: "UPDATE awaited SET horizon = 1")
            #expect(try await TamperingTests.verify(copy).map(\.sequence) == [3])
            #expect(try PythonVerifierTests.verify(copy).status == 1)
            try await between.execute("ROLLBACK")
          }
        }
        // A node that was ended meanwhile knows what it waits for.
        try await database.withMirror(at: path) { mirror in
          try await expectSoon { file.entries == 3 }
          try await expectSoon { file.count("SELECT count(*) FROM awaited") == 0 }
          try await expectSoon { mirror.health.current.state == .following }
          #expect(try await TamperingTests.verify(path) == [])
        }
      }
      try await database.expectMirrored(in: path)
    }
  }

  @Test func `a new epoch is followed`() async throws {
    try await TestDatabase.withAuditFile { database, path in
      try await database.withNodes(1) { nodes in
        try await database.withMirror(at: path) { mirror in
          _ = try await nodes[0].perform(.charging("user:alice"))
          try await database.expectMirrored(in: path)
          _ = try await NewEpoch(
            connectionString: database.connectionString, reason: "test"
          ).begin()
          _ = try await nodes[0].perform(.charging("user:alice"))
          try await database.expectMirrored(in: path)
          try await expectSoon { mirror.health.current.state == .following }
        }
      }
      let file = MirrorFile(path: path)
      #expect(try file.query("SELECT DISTINCT epoch FROM audit_entries") == [["1"], ["2"]])
      #expect(try file.query("SELECT epoch FROM meta") == [["2"]])
    }
  }

  @Test func `sessions that are ended at random cost nothing`() async throws {
    try await TestDatabase.withAuditFile { database, path in
      try await database.withNodes(2) { nodes in
        try await database.withMirror(at: path, configure: { $0.pageSize = 20 }) { _ in
          async let answered = RandomTrail.write(1_200, on: nodes)
          var ended = ["0"]
          for _ in 0..<15 {
            // Each time another one: the mirror has come back since.
            let hasEnded = try await eventually {
              let processes = try await database.query(
                """
                SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE '%mirror'
                  AND pid NOT IN (\(ended.joined(separator: ", ")))
                """)
              ended += processes.compactMap { $0[0] }
              return !processes.isEmpty
            }
            #expect(hasEnded)
          }
          _ = try await answered
          try await database.expectMirrored(in: path)
        }
      }
    }
  }
}
