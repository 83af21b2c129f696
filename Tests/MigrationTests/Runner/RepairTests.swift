import BudgetLedger
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

/// Explained and recorded exceptions.
@Suite struct RepairTests {
  @Test func `a changed file is accepted by repair, and who, when and why is kept`() async throws {
    try await TestDatabase.withLedger { database in
      let files = Migrations.embedded
      let edited = [files[0].changed { $0 + "-- a comment\n" }] + files.dropFirst()
      let runner = database.runner(edited)
      await #expect(throws: MigrationError.changed(label: files[0].label)) { try await runner.up() }
      #expect(try await runner.repair(version: 1, reason: "a comment only") == edited[0])
      #expect(try await runner.up() == [])
      let event = try await database.query(
        """
        SELECT version, reason, role_name, encode(old_checksum, 'hex'), encode(new_checksum, 'hex')
        FROM trust_budget.schema_events WHERE action = 'repaired' AND happened_at <= now()
        """)
      #expect(
        event == [
          [
            "1", "a comment only", "postgres", files[0].checksum.hexadecimal,
            edited[0].checksum.hexadecimal,
          ]
        ])
      await #expect(throws: MigrationError.self) {
        try await runner.repair(version: 1, reason: "again")
      }
      await #expect(throws: MigrationError.self) {
        try await runner.repair(version: 99, reason: "no such")
      }
    }
  }

  @Test func `repair gives way to whoever has locked the history, and gets through after it`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let files = Migrations.embedded
      let edited = [files[0].changed { $0 + "-- a comment\n" }] + files.dropFirst()
      try await database.withConnection { holder in
        try await holder.execute(
          "BEGIN; LOCK TABLE trust_budget.schema_migrations IN SHARE MODE")
        await #expect(throws: MigrationError.locked) {
          try await database.runner(
            edited, lockTimeout: .milliseconds(50), patience: .milliseconds(200)
          ).repair(version: 1, reason: "a comment only")
        }
        async let repaired = database.runner(edited, lockTimeout: .milliseconds(50)).repair(
          version: 1, reason: "a comment only")
        try await expectGivingWay("relation", in: database)
        try await holder.execute("COMMIT")
        #expect(try await repaired == edited[0])
      }
    }
  }

  @Test func `a schema made by hand gets its history by baseline`() async throws {
    try await TestDatabase.withEmptyDatabase { database in
      try await database.execute("CREATE SCHEMA trust_budget")
      try await database.execute("COMMENT ON SCHEMA trust_budget IS 'by hand'")
      for migration in Migrations.embedded { try await database.execute(migration.up) }
      let runner = database.runner()
      let newest = Int64(Migrations.embedded.count)
      #expect(try await runner.baseline(version: newest, reason: "by hand") == Migrations.embedded)
      #expect(try await runner.up() == [])
      #expect(try await runner.verify().isSound)
      await #expect(throws: MigrationError.self) {
        try await runner.baseline(version: newest, reason: "twice")
      }
    }
  }

  @Test func `baseline refuses a schema that is not what the migrations make`() async throws {
    try await TestDatabase.withEmptyDatabase { database in
      try await database.execute("CREATE SCHEMA trust_budget")
      for migration in Migrations.embedded { try await database.execute(migration.up) }
      try await database.execute("DROP INDEX trust_budget.audit_entries_tail")
      let error = await #expect(throws: MigrationError.self) {
        try await database.runner().baseline(
          version: Int64(Migrations.embedded.count), reason: "by hand")
      }
      #expect(error.map { "\($0)" }?.contains("audit_entries_tail is missing") == true)
      #expect(try await database.exists("schema_migrations") == false)
    }
  }

  @Test func `baseline takes a lock that somebody holds for a lock`() async throws {
    try await TestDatabase.withEmptyDatabase { database in
      try await database.execute("CREATE SCHEMA trust_budget")
      let made = Migrations.embedded.prefix { $0.name != "api_tokens" }
      for migration in made { try await database.execute(migration.up) }
      let version = Int64(made.count)
      let next = Migrations.embedded[made.count]
      try await database.withConnection { holder in
        try await holder.run { session in
          // What the next migration makes is somebody's who has not committed it.
          try session.executeScript("BEGIN; \(next.up)")
        }
        await #expect(throws: MigrationError.blocked(label: next.label, by: [])) {
          try await database.runner(lockTimeout: .milliseconds(50), patience: .milliseconds(200))
            .baseline(version: version, reason: "by hand")
        }
        async let recorded = database.runner(lockTimeout: .milliseconds(50)).baseline(
          version: version, reason: "by hand")
        try await expectGivingWay("transactionid", in: database)
        try await holder.run { try $0.executeScript("ROLLBACK") }
        #expect(try await recorded.count == Int(version))
      }
    }
  }

  @Test func `baseline refuses what it cannot compare, and what the migrations do not make`()
    async throws
  {
    try await TestDatabase.withEmptyDatabase { database in
      let newest = Int64(Migrations.embedded.count)
      let impossible = "Cannot go to version"
      for (runner, version, problem) in [
        (database.runner(), newest + 1, impossible), (database.runner(), 0, impossible),
        (database.runner([]), 0, impossible), (database.runner(catalogue: nil), newest, impossible),
        (database.runner(), newest, "audit_entries is missing"),
        (database.runner(), newest - 1, "is not what the migrations before"),
        (database.runner(), 1, "is not what the migrations before"),
      ] {
        let error = await #expect(throws: MigrationError.self) {
          try await runner.baseline(version: version, reason: "by hand")
        }
        #expect(error.map { "\($0)" }?.contains(problem) == true, "\(version)")
      }
      let hasHistory = try await database.exists("schema_migrations")
      #expect(!hasHistory)
    }
  }

  @Test(arguments: 1...Int64(Migrations.embedded.count))
  func `a schema that was made by hand by the first migrations is believed to be that and no other`(
    version: Int64
  ) async throws {
    try await TestDatabase.withEmptyDatabase { database in
      try await database.execute("CREATE SCHEMA trust_budget")
      try await database.execute("COMMENT ON SCHEMA trust_budget IS 'by hand'")
      for migration in Migrations.embedded.prefix(Int(version)) {
        try await database.execute(migration.up)
      }
      let versions = 1...Int64(Migrations.embedded.count)
      // What replaces something can follow itself: nothing tells whether it was run.
      let replacing = Int64(6)
      for other in versions where other != version && (other, version) != (replacing - 1, replacing)
      {
        await #expect(throws: MigrationError.self, "\(other)") {
          try await database.runner().baseline(version: other, reason: "by hand")
        }
      }
      let recorded = try await database.runner().baseline(version: version, reason: "by hand")
      #expect(recorded.map(\.version) == Array(1...version))
      let applied = try await database.runner().up()
      #expect(applied.map(\.version) == versions.filter { $0 > version })
      #expect(try await database.runner().verify().isSound)
    }
  }

  /// Waits until a runner has waited for a lock, has given way, and waits again.
  private func expectGivingWay(_ lock: String, in database: TestDatabase) async throws {
    for isWaiting in [true, false, true] {
      #expect(try await eventually { try await database.isWaiting(lock) == isWaiting })
    }
  }
}
