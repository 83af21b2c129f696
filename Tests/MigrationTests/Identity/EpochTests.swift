import Foundation
import LibPQ
import PrivatePostgres
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// A ledger that is no longer where, or what, it was.
@Suite struct EpochTests {
  @Test func `a new epoch gives way to whoever uses the tables, says who, and begins after them`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(1) { nodes in
        try await nodes[0].charge("user:a")
        try await database.withConnection { reader in
          try await reader.execute("BEGIN")
          try await reader.execute("SELECT count(*) FROM trust_budget.audit_entries")
          let process = try await reader.run(\.backendProcessIdentifier)
          let error = await #expect(throws: LedgerInUse.self) {
            try await NewEpoch(
              connectionString: database.connectionString, reason: "a test",
              patience: .milliseconds(100)
            ).begin()
          }
          #expect(error?.blockers.map(\.processID) == [process])
          async let epoch = NewEpoch(
            connectionString: database.connectionString, reason: "a test"
          ).begin()
          // It waits, and holds nobody up for long.
          try await nodes[0].charge("user:a")
          try await reader.execute("COMMIT")
          #expect(try await epoch.ledger.epoch == 2)
        }
      }
    }
  }

  @Test func `a new epoch that gets into a deadlock with a reader is tried again`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.charge(times: 1)
      try await database.withConnection { reader in
        // It is not the one that is ended.
        try await reader.execute("SET deadlock_timeout = '1min'")
        try await database.execute("ALTER DATABASE \(database.name) SET deadlock_timeout = '400ms'")
        try await reader.execute("BEGIN")
        try await reader.execute("SELECT FROM trust_budget.ledger")
        async let epoch = NewEpoch(
          connectionString: database.connectionString, reason: "a test"
        ).begin()
        #expect(
          try await eventually {
            try await database.count(
              """
              SELECT count(*) FROM pg_locks
              WHERE relation = 'trust_budget.ledger'::regclass AND NOT granted
              """) == 1
          })
        try await reader.execute("SELECT count(*) FROM trust_budget.audit_entries")
        try await reader.execute("COMMIT")
        #expect(try await epoch.ledger.epoch == 2)
      }
    }
  }

  @Test
  func
    `a dump restored on another server is refused until a new epoch, and its chains verify across`()
    async throws
  {
    try await TestDatabase.withLedger { original in
      try await original.charge(times: 3)
      let directory = FileManager.default.temporaryDirectory
        .appending(path: "trust-budget-restored-\(UUID().uuidString.prefix(8))")
      let server = try await PrivatePostgres.start(
        directory: directory, settings: TestCluster.settings, ephemeral: true)
      let restored = TestDatabase(
        name: "postgres", connectionString: server.connectionString(database: "postgres"))
      try await original.copy(to: restored)
      let outcome = try await attempt(restored)
      #expect(outcome.contains("restored from a dump of another server"))
      #expect(outcome.contains("ledger new-epoch"))
      // Nor where the restore came, by chance, under the number of the transaction that wrote the original's row.
      try await restored.query(
        "UPDATE trust_budget.ledger SET written_by = pg_current_xact_id()")
      #expect(try await attempt(restored) == outcome)

      #expect(
        try await eventually {
          try await restored.count(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE 'trust-budget %'
            """) == 0
        })
      let epoch = try await NewEpoch(
        connectionString: restored.connectionString, reason: "a test"
      ).begin()
      #expect(epoch.ledger.epoch == 2)
      // Not its own either.
      #expect(epoch.endedSessions == 0)
      try await restored.charge(times: 2)
      try await restored.expectSoundLedger()
      let epochs = try await restored.query(
        "SELECT DISTINCT epoch FROM trust_budget.audit_entries ORDER BY epoch")
      #expect(epochs == [["1"], ["2"]])
      let history = try await restored.query(
        "SELECT event, epoch, reason, role_name FROM trust_budget.ledger_history")
      #expect(history == [["new_epoch", "2", "a test", "postgres"]])
      #expect(try await restored.runner().verify().isSound)
      await server.stop()
    }
  }

  @Test func `a dump restored on the same server is refused as well`() async throws {
    try await TestDatabase.withLedger { original in
      try await original.charge(times: 1)
      try await TestDatabase.withEmptyDatabase { restored in
        try await original.copy(to: restored)
        #expect(try await attempt(restored).contains("restored from a dump, or"))
        let status = try await LedgerStatus.read(connectionString: restored.connectionString)
        #expect(status.problem == .restored(otherServer: false))
      }
      try await original.charge(times: 1)
    }
  }

  @Test func `no epoch is begun for budgets that were restored without their trail`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.charge(times: 1)
      try await database.execute(
        """
        ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER audit_entries_are_append_only;
        DELETE FROM trust_budget.audit_entries;
        """)
      await #expect(throws: SchemaProblem.withoutTrail) {
        try await NewEpoch(connectionString: database.connectionString, reason: "a test").begin()
      }
      #expect(try await database.count("SELECT epoch FROM trust_budget.ledger") == 1)
      try await database.execute("TRUNCATE trust_budget.budgets")
      let epoch = try await NewEpoch(
        connectionString: database.connectionString, reason: "nothing is left"
      ).begin()
      #expect(epoch.ledger.epoch == 2)
    }
  }

  @Test func `maintenance of the table makes no restored ledger of it`() async throws {
    try await TestDatabase.withLedger { database in
      for statement in ["VACUUM (FREEZE) trust_budget.ledger", "VACUUM FULL trust_budget.ledger"] {
        try await database.query(statement)
        try await database.charge(times: 1)
      }
    }
  }

  @Test func `a new epoch reaches nodes at work, and no entry is written in the old one`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        try await withThrowingTaskGroup { group in
          for worker in 0..<8 {
            group.addTask {
              // Before the new epoch, meanwhile, and after.
              var isNew = false
              repeat {
                isNew = try await database.count("SELECT epoch FROM trust_budget.ledger") > 1
                for node in nodes + nodes { try await node.charge("user:\(worker)") }
              } while !isNew
            }
          }
          group.addTask {
            #expect(
              try await eventually {
                try await database.count("SELECT count(*) FROM trust_budget.audit_entries") > 50
              })
            let epoch = try await NewEpoch(
              connectionString: database.connectionString, reason: "a drill"
            ).begin()
            #expect(epoch.endedSessions > 0)
          }
          try await group.waitForAll()
        }
      }
      try await database.expectSoundLedger()
      // In the order of transactions the epoch changes once.
      let changes = try await database.count(
        """
        SELECT count(*) FROM (
            SELECT epoch - lag(epoch) OVER (ORDER BY transaction_id, entry_id) AS step
            FROM trust_budget.audit_entries) AS steps WHERE step <> 0
        """)
      #expect(changes == 1)
      let stale = await #expect(throws: PostgresError.self) {
        try await database.execute(
          """
          INSERT INTO trust_budget.audit_entries
                 (epoch, budget_id, budget_seq, kind, cost, balance_before, balance_after, node, detail,
                  occurred_at, hash)
          VALUES (1, 'x', 1, 'charge', 0, 0, 0, 'n', '{}', now(), sha256(''))
          """)
      }
      #expect(stale?.constraint == "epoch_is_current")
    }
  }

  @Test(arguments: [0, 1, 3])
  func `PostgreSQL takes entries and emergencies of the ledger's epoch alone`(epoch: Int)
    async throws
  {
    try await TestDatabase.withLedger { database in
      _ = try await NewEpoch(
        connectionString: database.connectionString, reason: "a test"
      ).begin()
      for insert in [
        """
        INSERT INTO trust_budget.audit_entries
               (epoch, budget_id, budget_seq, kind, cost, balance_before, balance_after, node, detail,
                occurred_at, hash)
        VALUES (\(epoch), 'x', 1, 'charge', 0, 0, 0, 'n', '{}', now(), sha256(''))
        """,
        """
        INSERT INTO trust_budget.break_glass_events
               (epoch, journal_id, node_seq, node, username, reason, approvers, principals,
                max_duration, max_duration_seconds, request_id, request, policy_digest, occurred_at,
                hash)
        VALUES (\(epoch), gen_random_uuid(), 1, 'n', 'alice', 'fire', '{}', '{root}', '60s', 60, 'x', 'x',
                sha256(''), now(), sha256(''))
        """,
      ] {
        let error = await #expect(throws: PostgresError.self) { try await database.execute(insert) }
        #expect(error?.constraint == "epoch_is_current")
      }
    }
  }

  @Test func `no emergency is refused while an epoch begins, and each is of the one it came in`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let trail = try BreakGlassTrail(
        connectionString: database.connectionString, settings: LedgerSettings(node: "node-1"))
      let journal = "00000000-0000-4000-8000-000000000001"
      try await withThrowingTaskGroup { group in
        group.addTask {
          var number = 0
          var epoch = 1
          repeat {
            number += 1
            epoch = try await database.count("SELECT epoch FROM trust_budget.ledger")
            // Its session may be ended on the way, as those of nodes are; then it is sent again.
            while true {
              do {
                let emergency = try BreakGlassIssuance.emergency("\(number)")
                let moment = Timestamp(microseconds: 1_800_000_000_000_000)
                _ = try await trail.record([(emergency, moment)], in: journal, node: "node-1")
                break
              } catch let error as PostgresError {
                #expect(error.constraint == nil, "\(error)")
              }
            }
          } while epoch < 4
        }
        group.addTask {
          for _ in 0..<3 {
            _ = try await NewEpoch(
              connectionString: database.connectionString, reason: "a drill"
            ).begin()
          }
        }
        try await group.waitForAll()
      }
      await trail.close()
      #expect(try await database.ledgerFaults() == [])
      let backwards = try await database.count(
        """
        SELECT count(*) FROM (
            SELECT epoch - lag(epoch) OVER (ORDER BY transaction_id) AS step
            FROM trust_budget.break_glass_events) AS steps WHERE step < 0
        """)
      #expect(backwards == 0)
      #expect(
        try await database.count("SELECT max(epoch) FROM trust_budget.break_glass_events") == 4)
    }
  }

  @Test func `a ledger in a later epoch is charged with the bounds of its trail and without them`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      func beginEpoch() async throws {
        _ = try await NewEpoch(
          connectionString: database.connectionString, reason: "a test"
        ).begin()
      }
      try await beginEpoch()
      try await database.charge()
      _ = try await database.runner().down(to: 7)
      try await database.charge()
      try await beginEpoch()
      try await database.charge()
      _ = try await database.runner().up()
      try await database.charge()
      #expect(try await database.runner().verify().isSound)
      let constraints = try await database.query(
        """
        SELECT pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conname = 'epoch_is_current' AND connamespace = 'trust_budget'::regnamespace
        """)
      #expect(constraints == Array(repeating: ["CHECK ((epoch = 3)) NOT VALID"], count: 2))
      try await database.expectSoundLedger()
    }
  }

  private func attempt(_ database: TestDatabase) async throws -> String {
    try await database.withNodes(1) {
      $0.patience = .seconds(3)
    } _: { nodes in
      guard
        case .failure(.unavailable(let reason)) = await nodes[0].outcome(
          of: .charge(try .of("user:alice")))
      else { return "charged" }
      return reason
    }
  }
}
