import AuditMirror
import BudgetLedger
import Foundation
import LibPQ
import PrivatePostgres
import Testing
import TrustBudget
import TrustBudgetTesting

/// Nodes, sessions, mirrors and PostgreSQL itself end at random, while transactions commit in another
/// order than they began.
///
/// `TRUST_BUDGET_LONG_TESTS=1` makes it ten minutes.
@Suite struct ChaosTests {
  @Test func `every mirror is PostgreSQL row for row when things have calmed down`() async throws {
    let isLong = ProcessInfo.processInfo.environment["TRUST_BUDGET_LONG_TESTS"] == "1"
    let end = ContinuousClock.now + (isLong ? .seconds(600) : .seconds(6))
    try await TestDatabase.withOwnServer { database, server in
      try await TemporaryDirectory.with { directory in
        try await database.execute(
          """
          CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN PERFORM pg_sleep(power(random(), 30) * 3); RETURN NULL; END $$;
          CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON trust_budget.audit_entries
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.budget_seq % 11 = 1)
          EXECUTE FUNCTION linger();
          CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON trust_budget.break_glass_events
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.node_seq % 11 = 1)
          EXECUTE FUNCTION linger();
          """)
        let paths = (1...4).map { directory.file("node-\($0).db") }
        try await withThrowingTaskGroup { group in
          for number in 1...4 {
            group.addTask { try await endNodes(number, of: database, until: end) }
          }
          for path in paths {
            group.addTask { try await endMirrors(of: database, in: path, until: end) }
          }
          for number in 1...3 {
            group.addTask { try await recordEmergencies(number, in: database, until: end) }
          }
          group.addTask { try await endSessions(of: database, until: end) }
          group.addTask { try await kill(server, until: end) }
          try await group.waitForAll()
        }
        for path in paths {
          try await database.withMirror(at: path) { mirror in
            try await database.expectMirrored(in: path)
            try await expectSoon { mirror.health.current.state.problem == nil }
          }
          #expect(try await TamperingTests.verify(path) == [])
          #expect(try await TamperingTests.compare(path, database) == [])
          #expect(
            try MirrorFile(path: path).query(
              "SELECT budget_id, current_balance FROM budgets ORDER BY budget_id")
              == (try await database.query(
                "SELECT budget_id, balance FROM trust_budget.budgets ORDER BY budget_id")))
        }
        try await database.expectSoundLedger()
      }
    }
  }

  /// A node that ends and comes again, with two callers.
  private func endNodes(
    _ number: Int, of database: TestDatabase, until end: ContinuousClock.Instant
  ) async throws {
    var generation: UInt64 = 0
    while ContinuousClock.now < end {
      generation += 1
      let node = try database.node("node-\(number)")
      let seed = UInt64(number) * 1_000_000 + generation * 100
      _ = try await withRunning([node]) {
        try await RandomTrail.write(120, callers: 2, seed: seed, on: [node])
      }
    }
  }

  /// A node's mirror, which ends in the middle of anything.
  private func endMirrors(
    of database: TestDatabase, in path: String, until end: ContinuousClock.Instant
  ) async throws {
    while ContinuousClock.now < end {
      try await database.withMirror(at: path, configure: { $0.pageSize = 50 }) { _ in
        try await Task.sleep(for: .milliseconds(.random(in: 50..<800)))
      }
    }
  }

  /// Emergencies of a journal, in transactions that linger as well.
  private func recordEmergencies(
    _ number: Int, in database: TestDatabase, until end: ContinuousClock.Instant
  ) async throws {
    var journal = Emergencies(number)
    while ContinuousClock.now < end {
      let events = try journal.next(.random(in: 1...4))
      // As a node does: once more, until they are there.
      _ = try await eventually(within: .seconds(40)) {
        do {
          try await database.record(events)
          return true
        } catch is PostgresError {
          return false
        }
      }
      try await Task.sleep(for: .milliseconds(.random(in: 10..<100)))
    }
  }

  /// Somebody who ends sessions, of whatever sort.
  private func endSessions(
    of database: TestDatabase, until end: ContinuousClock.Instant
  ) async throws {
    while ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(.random(in: 100..<400)))
      try? await database.terminateSessions(
        where: "application_name LIKE 'trust-budget node-%' AND random() < 0.15")
    }
  }

  /// Whoever kills the server.
  private func kill(
    _ server: PrivatePostgres, until end: ContinuousClock.Instant
  ) async throws {
    while ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(.random(in: 1_000..<4_000)))
      server.kill()
      try await server.restart()
    }
  }
}
