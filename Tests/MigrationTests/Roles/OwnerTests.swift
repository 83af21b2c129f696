import BudgetLedger
import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

/// Who may make schemas in the database makes one before the ledger's owner does, and waits.
@Suite struct OwnerTests {
  /// What stands there, as the role that has made it, and wants a superuser to run `trap`.
  private static let traps = [
    """
    CREATE VIEW trust_budget.schema_migrations AS
      SELECT trust_budget.trap() AS version, 'ledger' AS name, sha256('') AS checksum, now() AS started_at,
             now() AS applied_at, '1' AS program_version, 1::bigint AS compatible_with
    """,
    """
    CREATE TABLE trust_budget.schema_migrations (version bigint, name text, checksum bytea, started_at timestamptz,
      applied_at timestamptz, program_version text, compatible_with bigint);
    CREATE FUNCTION trust_budget.fire() RETURNS trigger LANGUAGE plpgsql
      AS 'BEGIN PERFORM trust_budget.trap(); RETURN new; END';
    CREATE TRIGGER fire BEFORE INSERT ON trust_budget.schema_migrations FOR EACH ROW
      EXECUTE FUNCTION trust_budget.fire()
    """,
    "",
  ]

  /// Lends a role that has such a schema.
  private func withTrap(
    _ trap: String, _ body: (TestDatabase, TestRole) async throws -> Void
  ) async throws {
    try await TestDatabase.withEmptyDatabase { database in
      try await TestRole.with(in: database) { mallory in
        try await database.execute(
          "GRANT CREATE ON DATABASE \(database.name) TO \"\(mallory.name)\"")
        try await mallory.database.execute(
          """
          CREATE SCHEMA trust_budget;
          CREATE FUNCTION trust_budget.trap() RETURNS bigint LANGUAGE plpgsql
            AS $$ BEGIN RESET ROLE; ALTER ROLE "\(mallory.name)" CREATEDB; RETURN 1; END $$;
          GRANT ALL ON SCHEMA trust_budget TO PUBLIC;
          \(trap)
          """)
        try await body(database, mallory)
        #expect(
          try await database.query(
            "SELECT rolcreatedb FROM pg_roles WHERE rolname = '\(mallory.name)'") == [["f"]])
      }
    }
  }

  @Test(arguments: traps)
  func `nothing is run for a superuser that a stranger has put into the schema`(trap: String)
    async throws
  {
    try await withTrap(trap) { database, mallory in
      let refusal = SchemaProblem.foreignOwner(mallory.name, login: "postgres")
      await #expect(throws: refusal) { try await database.runner().up() }
      await #expect(throws: refusal) { try await database.runner().plan() }
      guard !trap.isEmpty else { return }
      await #expect(throws: refusal) { try await database.runner().status() }
      await #expect(throws: refusal) { try await database.runner().verify() }
      await #expect(throws: refusal) { try await database.runner().down(to: 0) }
      await #expect(throws: refusal) {
        try await database.runner().repair(version: 1, reason: "test")
      }
      await #expect(throws: refusal) {
        try await LedgerStatus.read(connectionString: database.connectionString)
      }
      await #expect(throws: refusal) {
        try await TokenStore(connectionString: database.connectionString).all()
      }
      let settings = LedgerSettings(node: "as-superuser")
      let tokens = try TokenReader(
        connectionString: database.connectionString, settings: settings)
      await #expect(throws: refusal) { try await tokens.tokens() }
      await tokens.close()
      let reader = try LedgerReader(
        connectionString: database.connectionString, settings: settings)
      await #expect(throws: refusal) { try await reader.budget(try BudgetID("user:alice")) }
      await reader.close()
      let checkup = try await LedgerCheckup.read(connectionString: database.connectionString)
      #expect(checkup.schema == .failure(refusal))
    }
  }

  @Test func `the owner of the database is no less careful, and trusts a role that it takes`()
    async throws
  {
    try await withTrap("DROP FUNCTION trust_budget.trap()") { database, mallory in
      try await TestRole.with(in: database) { owner in
        try await database.execute("ALTER DATABASE \(database.name) OWNER TO \"\(owner.name)\"")
        await #expect(throws: SchemaProblem.foreignOwner(mallory.name, login: owner.name)) {
          try await owner.database.runner().up()
        }
        try await database.execute("GRANT \"\(mallory.name)\" TO \"\(owner.name)\"")
        await #expect(throws: SchemaProblem.foreignOwner(mallory.name, login: owner.name)) {
          try await owner.database.runner().up()
        }
        // Whoever has it take that role knows whose it is.
        try await database.execute("ALTER ROLE \"\(owner.name)\" SET role = \"\(mallory.name)\"")
        _ = try await owner.database.runner().up()
        #expect(try await owner.database.runner().verify().isSound)
        try await database.execute("ALTER ROLE \"\(owner.name)\" RESET role")
        // One that could have made the schema goes on with the ledger, but migrates nothing.
        try await TestRole.with(in: database) { service in
          try await database.execute(
            """
            GRANT CREATE ON DATABASE \(database.name) TO "\(service.name)";
            GRANT SELECT ON ALL TABLES IN SCHEMA trust_budget TO "\(service.name)"
            """)
          let reader = try LedgerReader(
            connectionString: service.database.connectionString,
            settings: LedgerSettings(node: "as-service"))
          try await reader.checkVersion()
          await reader.close()
          await #expect(throws: SchemaProblem.foreignOwner(mallory.name, login: service.name)) {
            try await service.database.runner().up()
          }
        }
        // A superuser trusts who owns the database, and is a member of all other roles.
        await #expect(throws: SchemaProblem.self) { try await database.runner().up() }
        try await database.execute(
          """
          ALTER SCHEMA trust_budget OWNER TO "\(owner.name)";
          ALTER TABLE trust_budget.schema_migrations OWNER TO "\(owner.name)"
          """)
        #expect(try await database.runner().up() == [])
        try await database.execute("ALTER DATABASE \(database.name) OWNER TO CURRENT_USER")
        await #expect(throws: SchemaProblem.self) { try await database.runner().status() }
        try await owner.database.execute("DROP SCHEMA trust_budget CASCADE")
        try await mallory.database.execute("CREATE SCHEMA trust_budget")
      }
    }
  }

  @Test func `a schema of somebody else than its history is found`() async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { service in
        try await TestRole.with(in: database) { mallory in
          _ = try await database.runner().up(roles: LedgerRoles(service: service.name))
          try await database.execute("ALTER SCHEMA trust_budget OWNER TO \"\(mallory.name)\"")
          let complaints = try await service.database.runner().verify().catalogue?
            .map(\.description)
          #expect(
            complaints == [
              "schema trust_budget is not from a migration: \"owned by \(mallory.name), "
                + "and its history by postgres\""
            ])
          try await database.execute("ALTER SCHEMA trust_budget OWNER TO CURRENT_USER")
        }
      }
    }
  }
}
