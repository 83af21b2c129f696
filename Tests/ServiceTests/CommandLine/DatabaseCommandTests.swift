import BudgetLedger
import Foundation
import Testing
import TrustBudgetTesting

/// `trust-budget migrate` and `trust-budget budget`, on a real database.
struct DatabaseCommandTests {
  private func run(
    _ arguments: String..., on database: TestDatabase
  ) async throws -> RunningProgram.End {
    try await Program.run(arguments, environment: ["DATABASE_URL": database.connectionString])
  }

  @Test func `a database is migrated once, and its state told`() async throws {
    try await TestDatabase.withEmptyDatabase { database in
      let before = try await run("migrate", "status", "--json", on: database)
      #expect(before.status == 0)
      #expect(before.json["applied"] == [])
      let pending = before.json["pending"].list
      #expect(pending.first == "0001_ledger")

      let up = try await run("migrate", "up", on: database)
      #expect(up.status == 0)
      #expect(up.output.contains("Applied 0001_ledger."))
      let again = try await run("migrate", "up", on: database)
      #expect(again.status == 0)
      #expect(again.output.contains("schema is up to date"))
      let json = try await run("migrate", "up", "--json", on: database)
      #expect(json.json["applied"] == [])

      let after = try await run("migrate", "status", "--json", on: database)
      #expect(after.json["pending"] == [])
      #expect(after.json["applied"].list.count == pending.count)
      let table = try await run("migrate", "status", on: database)
      #expect(table.output.contains(/VERSION +NAME +STATE/))
      #expect(table.output.contains("applied"))
    }
  }

  @Test func `a role that may not make the schema is told what it needs`() async throws {
    try await TestDatabase.withEmptyDatabase { database in
      try await TestRole.with(in: database) { role in
        let refused = try await run("migrate", "up", on: role.database)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("GRANT CREATE ON DATABASE"), "\(refused.errors)")
        try await database.execute(
          "GRANT CREATE ON DATABASE \"\(database.name)\" TO \"\(role.name)\"")
        #expect(try await run("migrate", "up", on: role.database).status == 0)
      }
    }
  }

  @Test(arguments: [["audit", "verify"], ["audit", "export", "--format", "csv", "--out", "-"]])
  func `an auditor from whom a policy hides entries is told so, and not that all is well`(
    words: [String]
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { auditor in
        _ = try await run("migrate", "up", "--auditor-role", auditor.name, on: database)
        try await database.withNodes(1) { _ = try await $0[0].perform(.charging("user:alice")) }
        try await database.execute(
          """
          ALTER TABLE trust_budget.audit_entries ENABLE ROW LEVEL SECURITY;
          CREATE POLICY others ON trust_budget.audit_entries USING (budget_id <> 'user:alice')
          """)
        let end = try await Program.run(
          words, environment: ["DATABASE_URL": auditor.database.connectionString])
        #expect(end.status == 1, "\(end.output)")
        #expect(end.errors.contains("row-level security policy"), "\(end.errors)")
      }
    }
  }

  @Test(arguments: [
    (["ledger", "show"], "ledger"), (["audit", "verify"], "ledger"),
    (["audit", "verify"], "audit_entries"), (["audit", "export", "--format", "csv"], "ledger"),
    (["token", "list"], "api_tokens"), (["migrate", "status"], "schema_migrations"),
  ])
  func `a command that finds its table locked says so in the end`(
    words: [String], table: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.withConnection { holder in
        try await holder.execute("BEGIN; LOCK TABLE trust_budget.\(table)")
        let end = try await Program.run(
          words, environment: ["DATABASE_URL": database.connectionString]
        )
        #expect(end.status == 1)
        #expect(end.errors.contains(/due to (lock|statement) timeout/), "\(end.errors)")
      }
    }
  }

  @Test func `four migrations at once apply each step once`() async throws {
    try await TestDatabase.withEmptyDatabase { database in
      let ends = try await concurrently(4) { _ in
        try await run("migrate", "up", "--json", on: database)
      }
      #expect(ends.allSatisfy { $0.status == 0 })
      #expect(ends.count { $0.json["applied"] != [] } == 1)
    }
  }

  @Test func `serve refuses a database without the schema, and migrates it when told`() async throws
  {
    try await TestDatabase.withEmptyDatabase { database in
      try await Undertaker.shared.withDirectory { directory in
        let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
        let end = try await run(
          "serve", "--policy", policy, "--listen", "127.0.0.1:0", "--auth", "none", on: database)
        #expect(end.status == 1)
        #expect(end.errors.contains("trust-budget migrate up"))

        let node = try await RunningNode.start(
          on: database.connectionString, policy: policy, ["--migrate"])
        let reply = try? await node.authorize("dev-a")
        await node.program.kill()
        #expect(reply?.status == 200)
      }
    }
  }

  @Test func `budgets are listed, shown and told the history of`() async throws {
    try await withCharges { database in
      let list = try await run("budget", "list", "--json", on: database)
      #expect(list.status == 0)
      #expect(
        list.json["budgets"].list.map { $0["budget_id"] } == ["user:dev-a", "user:dev-b"])
      let exhausted = try await run(
        "budget", "list", "--prefix", "user:", "--status", "exhausted", "--limit", "1", "--json",
        on: database)
      #expect(exhausted.json["budgets"].list.map { $0["budget_id"] } == ["user:dev-b"])
      let table = try await run("budget", "list", on: database)
      #expect(table.errors == "")
      let first = try await run("budget", "list", "--limit", "1", on: database)
      #expect(first.errors.contains("the first budgets alone, 1 of them; --limit"))
      #expect(table.output.contains(/BUDGET +BALANCE +OF +SPENT +RESETS AT\n/))
      #expect(table.output.contains(/user:dev-a +2 +3 +1 +20[0-9T:-]+Z\n/))

      let show = try await run("budget", "show", "user:dev-a", "--json", on: database)
      #expect(show.json["balance"] == 2)
      let plain = try await run("budget", "show", "user:dev-a", on: database)
      #expect(plain.output.contains("balance     2 of 3 points"))

      let history = try await run(
        "budget", "history", "user:dev-b", "--limit", "2", "--json", on: database)
      #expect(history.json["entries"].list.map { $0["kind"] } == ["charge", "denial"])
      #expect(history.errors.contains("the newest entries alone, 2 of them; --limit"))
      let entries = try await run("budget", "history", "user:dev-b", on: database)
      #expect(entries.output.split(separator: "\n").count == 6)
      #expect(entries.errors == "")
      #expect(entries.output.contains(/SEQ +TIME +KIND/))
    }
  }

  @Test func `a database without the schema is said to be one`() async throws {
    try await TestDatabase.withEmptyDatabase { database in
      for command in [["budget", "list"], ["budget", "show", "x"], ["token", "list"]] {
        let end = try await Program.run(
          command, environment: ["DATABASE_URL": database.connectionString]
        )
        #expect(end.status == 1)
        #expect(end.errors.contains("run: trust-budget migrate up"), "\(end.errors)")
      }
    }
  }

  @Test func `what only the owner may do is not called a right that the service lacks`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let role = "nobody_\(UUID().uuidString.prefix(8).lowercased())"
      try await database.execute("CREATE ROLE \(role) LOGIN")
      let end = try await Program.run(
        "token", "create", "--name", "a", "--role", "admin", "--database-url",
        database.connectionString + " user='\(role)'")
      try await database.execute("DROP ROLE \(role)")
      #expect(end.status == 1)
      #expect(end.errors.contains("for the owner of the schema to run"), "\(end.errors)")
    }
  }

  @Test func `what PostgreSQL remarks to whoever connects is not printed`() async throws {
    try await withCharges { database in
      // As after an upgrade of the server's operating system. PostgreSQL 14 and older remark nothing.
      try await database.execute(
        """
        DO $$ BEGIN
          UPDATE pg_database SET datcollversion = 'old' WHERE datname = current_database();
        EXCEPTION WHEN undefined_column THEN NULL;
        END $$
        """)
      let list = try await run("budget", "list", on: database)
      #expect(list.errors == "")
      #expect(list.output.contains("user:dev-a"))
    }
  }

  @Test func `output that cannot be written is no success`() async throws {
    try await TestDatabase.withLedger { database in
      for (command, problem) in [
        ("migrate catalogue", "standard output cannot be written"),
        ("version", "standard output cannot be written: No space left on device"),
        ("token create --name full --role admin", "trust-budget token revoke full"),
      ] {
        let failure = await #expect(throws: TestFailure.self) {
          try await tool(
            "sh", "-c", "DATABASE_URL=\"$1\" \"$0\" \(command) >/dev/full", Program.path,
            database.connectionString)
        }
        #expect(failure?.description.contains(problem) == true, "\(failure)")
      }
    }
  }

  @Test func `PostgreSQL is verified, however short everyday statements must be`() async throws {
    try await withCharges { database in
      let environment = [
        "DATABASE_URL": database.connectionString, "PGOPTIONS": "-c statement_timeout=1000",
      ]
      let verdict = try await database.withConnection { session in
        try await session.execute("BEGIN; LOCK TABLE trust_budget.audit_entries")
        return try await Program.with(["audit", "verify"], environment: environment) { program in
          try await wait(for: "the verification to take longer than that") {
            let waiting = try await database.count(
              """
              SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND application_name = 'trust-budget audit'
                AND wait_event_type = 'Lock' AND clock_timestamp() > query_start + interval '1.5 s'
              """)
            return waiting == 1 || !program.isRunning
          }
          try await session.execute("ROLLBACK")
          return try await program.end()
        }
      }
      #expect(
        verdict.output.contains(" entries of 2 budgets, 0 break-glass events of 0 journals: ok"),
        "\(verdict.output) \(verdict.errors)")
      #expect(verdict.status == 0)
    }
  }

  @Test func `a budget is adjusted and reset, once per id`() async throws {
    try await withCharges { database in
      let adjust = try await run(
        "budget", "adjust", "user:dev-b", "5", "--reason", "incident", "--request-id", "i-1",
        on: database)
      #expect(adjust.status == 0, "\(adjust.errors)")
      #expect(adjust.output == "user:dev-b: 5 of 3 points left.\n")
      let again = try await run(
        "budget", "adjust", "user:dev-b", "5", "--reason", "incident", "--request-id", "i-1",
        "--json", on: database)
      #expect(again.json["balance"] == 5)
      #expect(again.json["replayed"] == true)
      let less = try await run(
        "budget", "adjust", "user:dev-b", "--reason", "left → away", "--json", "--", "-7",
        on: database)
      #expect(less.json["balance"] == -2)
      let tooMany = try await run(
        "budget", "adjust", "user:dev-b", "9007199254740991", "--reason", "x", on: database)
      #expect(tooMany.status == 1)
      let refusal = "points would take the budget beyond what is kept exactly (2^53 - 1)."
      #expect(tooMany.errors.contains(refusal), "\(tooMany.errors)")
      let reset = try await run(
        "budget", "reset", "user:dev-b", "--reason", "incident", "--json", on: database)
      #expect(reset.json["balance"] == 3)
      #expect(reset.json["adjustment"] == 0)

      let actors = try await database.query(
        "SELECT DISTINCT actor FROM trust_budget.audit_entries WHERE node = 'cli'")
      #expect(actors.first?.first??.hasPrefix("cli:") == true)
      try await database.expectSoundLedger()
    }
  }

  @Test(arguments: [["show"], ["history"], ["adjust", "5"], ["reset"]])
  func `a budget that does not exist is said so, and exits 1`(command: [String]) async throws {
    try await TestDatabase.withLedger { database in
      let reason = ["adjust", "reset"].contains(command[0]) ? ["--reason", "x"] : []
      let arguments = ["budget", command[0], "user:none"] + command.dropFirst() + reason
      let end = try await Program.run(
        arguments, environment: ["DATABASE_URL": database.connectionString]
      )
      #expect(end.status == 1)
      #expect(end.output == "")
      #expect(end.errors.hasPrefix("trust-budget: There is no budget user:none."))
      #expect(try await database.entryCounts() == [:])
    }
  }

  @Test(arguments: [["budget", "list"], ["migrate", "up"], ["migrate", "status"]])
  func `a PostgreSQL that is not there is said so, soon, and exits 1`(command: [String])
    async throws
  {
    let end = try await Program.run(
      command + ["--database-url", "postgresql://u:secret@127.0.0.1:1/x?connect_timeout=2"]
    )
    #expect(end.status == 1)
    #expect(end.errors.hasPrefix("trust-budget: "))
    #expect(!end.errors.contains("secret"))
    #expect(end.duration < .seconds(15))
  }

  @Test func `the database is found by flag, by DATABASE_URL, and by libpq's own variables`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let host = try #require(database.connectionString.firstMatch(of: /host='([^']*)'/)).1
      let libpq = ["PGHOST": String(host), "PGUSER": "postgres", "PGDATABASE": database.name]
      let nowhere = "postgresql://127.0.0.1:1/x"
      let ways: [([String], [String: String])] = [
        (["--database-url", database.connectionString], ["DATABASE_URL": nowhere]),
        ([], ["DATABASE_URL": database.connectionString, "PGHOST": "/nowhere"]),
        ([], libpq),
        (["--database-url", "postgresql://postgres@/\(database.name)?host=\(host)"], [:]),
      ]
      for (arguments, environment) in ways {
        let end = try await Program.run(
          ["budget", "list", "--json"] + arguments, environment: environment
        )
        #expect(end.json == ["budgets": []], "\(end.errors)")
      }
    }
  }

  @Test func `of several hosts in PGHOST, one whose name nobody resolves takes no other's time`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      let host = try #require(database.connectionString.firstMatch(of: /host='([^']*)'/)).1
      try await TemporaryDirectory.with { directory in
        // Where the resolver looks aliases up: it waits there until somebody writes.
        let aliases = directory.file("aliases")
        #expect(mkfifo(aliases, 0o600) == 0)
        let end = try await Program.run(
          "migrate", "status", "--json",
          environment: [
            "PGHOST": "slow,\(host)", "PGUSER": "postgres", "PGDATABASE": database.name,
            "PGCONNECT_TIMEOUT": "2", "HOSTALIASES": aliases,
          ])
        #expect(end.json["pending"] == [], "\(end.errors)")
      }
    }
  }

  /// Lends a ledger in which dev-a has two points left and dev-b none.
  @Test func `a change whose outcome is unknown is made once, repeated under the id that is told`()
    async throws
  {
    try await withCharges { database in
      try await PostgresProxy.with(database) { proxy in
        proxy.inject(.cutAfterCommit, thenRefuse: true)
        let change = ["budget", "adjust", "user:dev-b", "5", "--reason", "incident"]
        let lost = try await Program.run(
          change, environment: ["DATABASE_URL": proxy.connectionString]
        )
        #expect(lost.status == 1)
        let id = try #require(lost.errors.firstMatch(of: /--request-id ([^ ]+)\n$/))
        let again = try await Program.run(
          change + ["--request-id", String(id.1)],
          environment: ["DATABASE_URL": database.connectionString]
        )
        #expect(again.output == "user:dev-b: 5 of 3 points left.\n")
      }
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a change that a signal ends is told under which id to repeat it`(signal: Int32) async throws
  {
    try await withCharges { database in
      try await database.withConnection { holder in
        try await holder.execute("BEGIN; SELECT FROM trust_budget.budgets FOR UPDATE")
        let end = try await Program.with(
          ["budget", "reset", "user:dev-b", "--reason", "incident"],
          environment: ["DATABASE_URL": database.connectionString]
        ) { program in
          try await wait(for: "the command to wait for the row") {
            try await database.count(
              """
              SELECT count(*) FROM pg_stat_activity
              WHERE wait_event_type = 'Lock' AND datname = current_database()
              """) > 0
          }
          program.signal(signal)
          return try await program.end()
        }
        #expect(end.status == 128 + signal)
        #expect(
          end.errors.contains(/ended by signal [0-9]+; whether the change was made is not known\n/))
        #expect(end.errors.contains(/--request-id [^ ]+\n$/), "\(end.errors)")
        try await holder.execute("ROLLBACK")
      }
    }
  }

  private func withCharges(_ body: (TestDatabase) async throws -> Void) async throws {
    try await Service.with { service in
      _ = try await service.node.authorize("dev-a")
      for _ in 1...4 { _ = try await service.node.authorize("dev-b") }
      try await body(service.database)
    }
  }
}
