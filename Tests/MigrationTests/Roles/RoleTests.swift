import BudgetLedger
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

/// What the service and the auditor may do, and what they may not.
@Suite struct RoleTests {
  @Test func `the engine works as the service role, and survives what nodes go through`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      // A name that has to be quoted.
      try await TestRole.with(in: database, prefix: "Service 1") { role in
        _ = try await database.runner().up(roles: LedgerRoles(service: role.name))
        let node = try role.database.node("as-service")
        try await withRunning([node]) {
          let charge = try Charge.of("user:alice")
          #expect(try await node.perform(.charge(charge)).isCharged)
          #expect(try await node.perform(.charge(charge)).isReplay)
          #expect(try await node.perform(.charge(try .of("user:alice", cost: 200))).isDenied)
          _ = try await node.reader.check()
          #expect(try await node.reader.charge(charge.requestID) != nil)
          #expect(try await node.reader.budgets(BudgetQuery(limit: 10)).budgets.count == 1)
        }
      }
      try await database.expectSoundLedger()
    }
  }

  @Test(arguments: [
    "SELECT ON trust_budget.api_tokens", "SELECT ON trust_budget.break_glass_events",
    "INSERT ON trust_budget.break_glass_events", "SELECT ON trust_budget.audit_entries",
    "UPDATE ON trust_budget.budgets", "INSERT (part) ON trust_budget.audit_entries",
    "UPDATE (window_seq) ON trust_budget.budgets",
  ])
  func `a role that lacks one right of a node is told from one that has them all`(
    right: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        _ = try await database.runner().up(roles: LedgerRoles(service: role.name))
        let connectionString = role.database.connectionString
        #expect(
          try await LedgerCheckup.read(connectionString: connectionString).rights?.missing == [])
        try await database.execute("REVOKE \(right) FROM \"\(role.name)\"")
        let parts = right.split(separator: " ")
        #expect(
          try await LedgerCheckup.read(connectionString: connectionString).rights?.missing == [
            "\(parts[0]) on \(parts[parts.count - 1])"
          ])
      }
    }
  }

  @Test func `a node whose role loses a right is not ready, says which, and comes back with it`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        _ = try await database.runner().up(roles: LedgerRoles(service: role.name))
        try await role.database.withNodes(1) { nodes in
          _ = try await nodes[0].perform(.charging("user:a"))
          try await database.execute(
            "REVOKE INSERT (part) ON trust_budget.audit_entries FROM \"\(role.name)\"")
          let error = await #expect(throws: LedgerError.self) {
            try await nodes[0].perform(.charging("user:a"))
          }
          guard case .unavailable(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
          }
          #expect(
            reason.hasPrefix(
              "the role \(role.name) has no INSERT on trust_budget.audit_entries; connect as"))
          #expect(
            try await eventually { nodes[0].health.current == .unavailable(reason: reason) })
          _ = try await database.runner().up(roles: LedgerRoles(service: role.name))
          _ = try await nodes[0].perform(.charging("user:a"))
        }
      }
    }
  }

  @Test func `a node whose role may not even look into the schema says so, and comes back`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        _ = try await database.runner().up(roles: LedgerRoles(service: role.name))
        try await role.database.withNodes(1, configure: { $0.patience = .seconds(2) }) { nodes in
          _ = try await nodes[0].perform(.charging("user:a"))
          try await database.execute("REVOKE USAGE ON SCHEMA trust_budget FROM \"\(role.name)\"")
          let error = await #expect(throws: LedgerError.self) {
            try await nodes[0].perform(.charging("user:a"))
          }
          guard case .unavailable(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
          }
          #expect(reason.contains("permission denied for schema trust_budget"))
          try await database.execute("GRANT USAGE ON SCHEMA trust_budget TO \"\(role.name)\"")
          _ = try await nodes[0].perform(.charging("user:a"))
        }
      }
    }
  }

  @Test func `a node whose lanes can have no session is not ready, though it can read`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        _ = try await database.runner().up(roles: LedgerRoles(service: role.name))
        try await role.database.withNodes(1) { nodes in
          _ = try await nodes[0].check()
          // The one session that the role may have is the reader's.
          try await database.execute("ALTER ROLE \"\(role.name)\" CONNECTION LIMIT 1")
          await #expect(throws: LedgerError.self) {
            try await nodes[0].perform(.charging("user:a"))
          }
          let error = await #expect(throws: LedgerError.self) { try await nodes[0].check() }
          #expect("\(String(describing: error))".contains("too many connections for role"))
          // Nor is one that has not tried yet.
          let other = try role.database.node("node-2")
          await #expect(throws: LedgerError.self) { try await other.check() }
          await other.reader.close()
          try await database.execute("ALTER ROLE \"\(role.name)\" CONNECTION LIMIT -1")
          #expect(try await eventually { (try? await nodes[0].check()) != nil })
          _ = try await nodes[0].perform(.charging("user:a"))
        }
      }
    }
  }

  @Test(arguments: ["SUPERUSER", "CREATEROLE"])
  func `a role that no grant could hold back is refused`(power: String) async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        try await TestRole.with(in: database) { member in
          _ = try await database.runner().up(roles: LedgerRoles(service: member.name))
          try await database.execute(
            """
            ALTER ROLE "\(role.name)" \(power);
            GRANT "\(role.name)" TO "\(member.name)"
            """)
          for name in [role.name, member.name] {
            for roles in [LedgerRoles(service: name), LedgerRoles(auditor: name)] {
              let error = await #expect(throws: MigrationError.self) {
                try await database.runner().up(roles: roles)
              }
              guard case .badRole = error else {
                Issue.record("\(String(describing: error))")
                return
              }
            }
          }
          let rights = try await LedgerCheckup.read(
            connectionString: member.database.connectionString
          ).rights
          #expect(rights?.missing == [])
          #expect(rights?.canBecomeOthers == true)
        }
      }
    }
  }

  @Test(arguments: ["ALTER ROLE \"mine\" REPLICATION", "ALTER DATABASE \"here\" OWNER TO \"mine\""])
  func `a role that could copy the server or drop the database is refused, and named by the doctor`(
    power: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        _ = try await database.runner().up(roles: LedgerRoles(service: role.name))
        try await database.execute(
          power.replacing("mine", with: role.name).replacing("here", with: database.name))
        for roles in [LedgerRoles(service: role.name), LedgerRoles(auditor: role.name)] {
          let error = await #expect(throws: MigrationError.self) {
            try await database.runner().up(roles: roles)
          }
          guard case .badRole = error else {
            Issue.record("\(String(describing: error))")
            return
          }
        }
        let rights = try await LedgerCheckup.read(connectionString: role.database.connectionString)
          .rights
        #expect(rights?.missing == [])
        #expect(rights?.canReplicate == power.contains("REPLICATION"))
        #expect(rights?.canRewrite == power.contains("OWNER"))
        // Before the role goes.
        try await database.execute("ALTER DATABASE \(database.name) OWNER TO CURRENT_USER")
      }
    }
  }

  @Test func `a policy that hides rows from a role is not taken for a trail without them`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { auditor in
        try await database.charge()
        _ = try await database.runner().up(roles: LedgerRoles(service: auditor.name))
        try await database.execute(
          """
          ALTER TABLE trust_budget.audit_entries ENABLE ROW LEVEL SECURITY;
          CREATE POLICY later ON trust_budget.audit_entries USING (budget_seq > 1)
          """)
        let reader = try LedgerReader(
          connectionString: auditor.database.connectionString, settings: LedgerSettings(node: "a"))
        let error = await #expect(throws: LedgerError.self) {
          try await reader.entries(EntryQuery(budgetID: try BudgetID("user:alice"), limit: 10))
        }
        #expect("\(String(describing: error))".contains("row-level security"))
        await reader.close()
      }
    }
  }

  @Test func `a role is judged by the one that logs in, which RESET ROLE makes it again`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { service in
        try await TestRole.with(in: database) { login in
          _ = try await database.runner().up(roles: LedgerRoles(service: service.name))
          try await database.execute(
            """
            GRANT "\(service.name)" TO "\(login.name)";
            ALTER ROLE "\(login.name)" SET role = '\(service.name)'
            """)
          let connectionString = login.database.connectionString
          let modest = try await LedgerCheckup.read(connectionString: connectionString)
          #expect(modest.role == service.name)
          #expect(modest.loginRole == login.name)
          #expect(modest.rights?.missing == [])
          #expect(modest.rights?.canRewrite == false)
          // pg_write_all_data is there from PostgreSQL 14 on.
          try await database.execute("GRANT pg_write_server_files TO \"\(login.name)\"")
          let mighty = try await LedgerCheckup.read(connectionString: connectionString)
          #expect(mighty.role == service.name)
          #expect(mighty.rights?.canRewrite == true)
        }
      }
    }
  }

  @Test func `connections are free as the role's and the database's limits have it, too`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        func free() async throws -> FreeConnections {
          let connectionString = role.database.connectionString
          return try await LedgerCheckup.read(connectionString: connectionString).freeConnections
        }
        _ = try await database.runner().up(roles: LedgerRoles(service: role.name))
        #expect(try await free().limit == .server)
        // Whoever asks counts; a session that was closed may for a moment.
        func settles(at count: Int64, _ limit: FreeConnections.Limit) async throws -> Bool {
          try await eventually {
            let free = try await free()
            return free.count == count && free.limit == limit
          }
        }
        try await database.execute("ALTER ROLE \"\(role.name)\" CONNECTION LIMIT 10")
        #expect(try await settles(at: 9, .role))
        try await TestRole.with(in: database) { other in
          _ = try await database.runner().up(roles: LedgerRoles(service: other.name))
          try await other.database.withConnection { _ in
            try await database.execute("ALTER DATABASE \(database.name) CONNECTION LIMIT 8")
            // The sessions of another role are there, though the role may not look at them.
            #expect(try await settles(at: 6, .database))
            // Nor at its own, as another one.
            try await database.execute(
              """
              GRANT "\(other.name)" TO "\(role.name)";
              ALTER ROLE "\(role.name)" SET role = '\(other.name)';
              ALTER DATABASE \(database.name) CONNECTION LIMIT -1;
              """)
            #expect(try await settles(at: 9, .role))
          }
        }
      }
    }
  }

  @Test(arguments: [
    "GRANT pg_execute_server_program TO", "ALTER TABLE trust_budget.api_tokens OWNER TO",
    "ALTER FUNCTION trust_budget.refuse_change() OWNER TO",
  ])
  func `a role that can write what it was not granted is refused`(sql: String) async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        try await database.execute("GRANT CREATE ON SCHEMA trust_budget TO \"\(role.name)\"")
        try await database.execute("\(sql) \"\(role.name)\"")
        let error = await #expect(throws: MigrationError.self) {
          try await database.runner().up(roles: LedgerRoles(service: role.name))
        }
        guard case .badRole = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        // Before the role goes.
        try await database.execute(
          "REASSIGN OWNED BY \"\(role.name)\" TO CURRENT_USER; DROP OWNED BY \"\(role.name)\"")
      }
    }
  }

  @Test(arguments: [
    (
      "GRANT DELETE ON trust_budget.budgets TO PUBLIC",
      "DELETE on trust_budget.budgets, as everybody"
    ),
    (
      "GRANT UPDATE (hash) ON trust_budget.audit_entries TO PUBLIC",
      "UPDATE on trust_budget.audit_entries, as everybody"
    ),
    (
      "GRANT INSERT ON trust_budget.audit_entries TO \"other\"; GRANT \"other\" TO \"mine\"",
      "INSERT on trust_budget.audit_entries, as a member of other"
    ),
    (
      "ALTER ROLE \"mine\" NOINHERIT; GRANT UPDATE ON trust_budget.ledger TO \"other\"; "
        + "GRANT \"other\" TO \"mine\"",
      "UPDATE on trust_budget.ledger, as a member of other"
    ),
    (
      "GRANT USAGE ON ALL SEQUENCES IN SCHEMA trust_budget TO PUBLIC",
      "USAGE on trust_budget.audit_entries_entry_id_seq, as everybody"
    ),
    (
      "GRANT CREATE ON SCHEMA trust_budget TO PUBLIC",
      "CREATE on the schema trust_budget, as everybody"
    ),
  ])
  func `a role that keeps more than it is given, by others, is refused and named by the doctor`(
    grant: String, excess: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        try await TestRole.with(in: database) { other in
          _ = try await database.runner().up(roles: LedgerRoles(service: role.name))
          try await database.execute(
            grant.replacing("\"mine\"", with: "\"\(role.name)\"")
              .replacing("\"other\"", with: "\"\(other.name)\""))
          let expected = excess.replacing("member of other", with: "member of \(other.name)")
          for roles in [LedgerRoles(service: role.name), LedgerRoles(auditor: role.name)] {
            let error = await #expect(throws: MigrationError.self) {
              try await database.runner().up(roles: roles)
            }
            guard case .badRole(let problem) = error else {
              Issue.record("\(String(describing: error))")
              return
            }
            #expect(problem.contains(expected), "\(problem)")
          }
          let rights = try await LedgerCheckup.read(
            connectionString: role.database.connectionString
          ).rights
          #expect(rights?.excess.contains { $0.hasPrefix(expected) } == true)
          // Nothing of the refused grant stays: it would have taken a node's rights away first.
          #expect(rights?.missing == [])
        }
      }
    }
  }

  @Test func `the service role has all that a node needs, tokens too, and no more`() async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        _ = try await database.runner().up(roles: LedgerRoles(service: role.name))
        let connectionString = role.database.connectionString
        let rights = try await LedgerCheckup.read(connectionString: connectionString).rights
        #expect(rights?.missing == [])
        #expect(rights?.excess == [])
        #expect(rights?.canRewrite == false)
        #expect(rights?.canBecomeOthers == false)
        let owner = TokenStore(connectionString: database.connectionString)
        _ = try await owner.create(name: "ca", roles: [.issuer], secret: .random(), lifetime: nil)
        let reader = try TokenReader(
          connectionString: connectionString, settings: LedgerSettings(node: "as-service"))
        #expect(try await reader.tokens().map(\.name) == ["ca"])
        #expect(try await reader.ledger() != nil)
        await reader.close()
        await #expect(throws: PostgresError.self) {
          try await TokenStore(connectionString: connectionString).create(
            name: "mine", roles: [.admin], secret: .random(), lifetime: nil)
        }
      }
    }
  }

  @Test(arguments: [
    "UPDATE trust_budget.audit_entries SET cost = 0",
    "DELETE FROM trust_budget.audit_entries",
    "TRUNCATE trust_budget.audit_entries",
    "INSERT INTO trust_budget.audit_entries (transaction_id) VALUES ('1')",
    "DELETE FROM trust_budget.budgets",
    "DELETE FROM trust_budget.break_glass_events",
    "UPDATE trust_budget.break_glass_events SET reason = 'none'",
    "INSERT INTO trust_budget.break_glass_events (transaction_id) VALUES ('1')",
    "UPDATE trust_budget.budgets SET budget_id = 'mine'",
    "INSERT INTO trust_budget.budgets (budget_id, initial_balance, last_seq) VALUES ('mine', 1, 9)",
    "UPDATE trust_budget.ledger SET epoch = 7",
    "INSERT INTO trust_budget.api_tokens (name, roles, hash) VALUES ('mine', '{admin}', sha256('mine'))",
    "UPDATE trust_budget.api_tokens SET roles = '{admin}'",
    "DELETE FROM trust_budget.api_tokens",
    "SELECT trust_budget.begin_epoch('mine')",
    "INSERT INTO trust_budget.ledger_history (event, epoch, system_identifier, timeline) VALUES ('promoted', 1, 1, 1)",
    "UPDATE trust_budget.schema_migrations SET name = 'mine'",
    "DELETE FROM trust_budget.schema_migrations",
    "DROP TABLE trust_budget.audit_entries",
    "DROP TRIGGER audit_entries_are_append_only ON trust_budget.audit_entries",
    "ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER ALL",
    "ALTER TABLE trust_budget.audit_entries ADD COLUMN mine text",
    "CREATE TABLE trust_budget.mine ()",
    "CREATE FUNCTION trust_budget.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION trust_budget.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "DROP SCHEMA trust_budget CASCADE",
    "SELECT * FROM elsewhere.secrets",
    "SET session_replication_role = replica",
  ])
  func `the service role cannot`(statement: String) async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        _ = try await database.runner().up(roles: LedgerRoles(service: role.name))
        try await database.execute(
          "CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.secrets (); GRANT SELECT ON ALL TABLES IN SCHEMA elsewhere TO PUBLIC"
        )
        try await expectDenied(statement, to: role)
      }
    }
  }

  @Test func `the auditor reads everything, verifies, and changes nothing`() async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        _ = try await database.runner().up(roles: LedgerRoles(auditor: role.name))
        try await database.charge()
        for table in ["audit_trail", "budget_status", "ledger_history", "schema_events"] {
          _ = try await role.database.query("SELECT * FROM trust_budget.\(table)")
        }
        #expect(
          try await role.database.query("SELECT * FROM trust_budget.verify_all_budgets()") == [])
        #expect(try await role.database.ledgerFaults() == [])
        #expect(
          try await role.database.query("SELECT * FROM trust_budget.verify_all_break_glass()")
            == [])
        for statement in [
          "UPDATE trust_budget.budgets SET spent = 0",
          "INSERT INTO trust_budget.audit_entries (epoch) VALUES (1)",
          "SELECT trust_budget.recognise_server('a', 1, '')",
          "SELECT trust_budget.begin_epoch('x')",
        ] {
          try await expectDenied(statement, to: role)
        }
      }
    }
  }

  @Test func `nobody else may do anything`() async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        try await expectDenied("SELECT * FROM trust_budget.budgets", to: role)
        try await expectDenied("SELECT trust_budget.verify_budget('a')", to: role)
        try await database.execute("GRANT USAGE ON SCHEMA trust_budget TO \"\(role.name)\"")
        try await expectDenied("SELECT * FROM trust_budget.budgets", to: role)
        try await expectDenied("SELECT trust_budget.verify_budget('a')", to: role)
        let open = try await database.query(
          """
          SELECT c.relname FROM pg_class AS c, aclexplode(c.relacl) AS a
          WHERE c.relnamespace = 'trust_budget'::regnamespace AND a.grantee = 0
          """)
        #expect(open == [])
      }
    }
  }

  @Test(arguments: [false, true])
  func `after a restore without privileges the grants make the schema sound again`(
    isAuditor: Bool
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.withDumpFile { dump in
        try await database.dump(to: dump)
        try await database.restore(from: dump, privileges: false)
      }
      // PostgreSQL lets everybody call a function that was just made.
      #expect(try await database.runner().verify().catalogue?.isEmpty == false)
      try await TestRole.with(in: database) { role in
        let roles =
          isAuditor ? LedgerRoles(auditor: role.name) : LedgerRoles(service: role.name)
        _ = try await database.runner().up(roles: roles)
        #expect(try await database.runner().verify().isSound)
      }
    }
  }

  @Test func `a grant that is no longer needed does not stay`() async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        try await database.execute(
          "GRANT ALL ON ALL TABLES IN SCHEMA trust_budget TO \"\(role.name)\"")
        _ = try await database.runner().up(roles: LedgerRoles(service: role.name))
        try await expectDenied("DELETE FROM trust_budget.budgets", to: role)
      }
    }
  }

  @Test func `roles that no grant could hold back are refused`() async throws {
    try await TestDatabase.withLedger { database in
      for name in ["postgres", "nobody of that name"] {
        await #expect(throws: MigrationError.self) {
          try await database.runner().up(roles: LedgerRoles(service: name))
        }
      }
    }
  }

  private func expectDenied(
    _ statement: String, to role: TestRole, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let error = await #expect(throws: PostgresError.self, sourceLocation: sourceLocation) {
      try await role.database.query(statement)
    }
    #expect(
      error?.sqlState == .insufficientPrivilege, "\(statement)", sourceLocation: sourceLocation)
  }
}
