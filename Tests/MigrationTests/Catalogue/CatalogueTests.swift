import BudgetLedger
import Foundation
import Testing
import TrustBudget
import TrustBudgetTesting

/// What the migrations make, and what of it a database has no longer.
@Suite struct CatalogueTests {
  /// `TRUST_BUDGET_WRITE_CATALOGUE=1 swift test --filter CatalogueTests` writes it anew.
  @Test func `catalogue.txt is what the migrations make of an empty database`() async throws {
    try await TestDatabase.withEmptyDatabase { database in
      let runner = database.runner()
      _ = try await runner.up()
      let live = try await runner.liveCatalogue()
      if ProcessInfo.processInfo.environment["TRUST_BUDGET_WRITE_CATALOGUE"] == "1" {
        try Data(live.text.utf8).write(to: Repository.catalogue)
      }
      let file = try String(contentsOf: Repository.catalogue, encoding: .utf8)
      #expect(Catalogue(file)?.differences(from: live) == [])
      #expect(live.differences(from: try #require(Catalogue(file))) == [])
      #expect(Catalogue.embedded == Catalogue(file))
    }
  }

  @Test func `a fresh database is sound, in every epoch`() async throws {
    try await TestDatabase.withLedger { database in
      #expect(try await database.runner().verify().isSound)
      try await database.query("SELECT trust_budget.begin_epoch('a test')")
      #expect(try await database.runner().verify().isSound)
    }
  }

  @Test(arguments: [
    (
      "DROP INDEX trust_budget.audit_entries_request",
      "index audit_entries.audit_entries_request is missing"
    ),
    (
      "ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER audit_entries_are_append_only",
      "trigger audit_entries.audit_entries_are_append_only is changed"
    ),
    (
      "DROP TRIGGER audit_entries_are_append_only ON trust_budget.audit_entries",
      "trigger audit_entries.audit_entries_are_append_only is missing"
    ),
    (
      "ALTER TABLE trust_budget.budgets DROP CONSTRAINT spent_is_kept_exact",
      "constraint budgets.spent_is_kept_exact is missing"
    ),
    ("ALTER TABLE trust_budget.ledger DROP COLUMN timeline", "column ledger.timeline is missing"),
    (
      "ALTER TABLE trust_budget.budgets ALTER COLUMN created_at DROP NOT NULL",
      "column budgets.created_at is changed"
    ),
    (
      """
      CREATE OR REPLACE FUNCTION trust_budget.refuse_change() RETURNS trigger LANGUAGE plpgsql
          SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN NULL; END $$
      """, "function refuse_change() is changed"
    ),
    (
      "ALTER FUNCTION trust_budget.verify_budget(text) RESET search_path",
      "function verify_budget(budget text) is changed"
    ),
    (
      "GRANT EXECUTE ON FUNCTION trust_budget.begin_epoch(text) TO PUBLIC",
      "function begin_epoch(reason text) is changed"
    ),
    (
      """
      CREATE OR REPLACE VIEW trust_budget.exhausted_budgets AS
      SELECT budget_id, initial_balance, balance, resets_at
      FROM trust_budget.budget_status WHERE balance < 0
      """, "view exhausted_budgets is changed"
    ),
    ("DROP TABLE trust_budget.ledger_history", "table ledger_history is missing"),
    (
      "CREATE RULE lose AS ON INSERT TO trust_budget.audit_entries DO INSTEAD NOTHING",
      "rule audit_entries.lose is not from a migration"
    ),
    ("ALTER TABLE trust_budget.budgets SET (fillfactor = 100)", "table budgets is changed"),
    (
      "CREATE TABLE public.arch () INHERITS (trust_budget.audit_entries)",
      "child audit_entries.public.arch is not from a migration"
    ),
  ])
  func `what is not as the migrations made it is named`(
    change: String, complaint: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute(change)
      let result = try await database.runner().verify()
      #expect(!result.isSound)
      let complaints = try #require(result.catalogue).map(\.description)
      #expect(complaints.count == 1)
      #expect(complaints.first?.hasPrefix(complaint) == true, "\(complaints)")
    }
  }

  @Test(arguments: [
    (
      "FUNCTION trust_budget.recognise_server(text, bigint, bytea)",
      "function recognise_server("
    ),
    ("TABLE trust_budget.api_tokens", "table api_tokens is changed"),
    ("VIEW trust_budget.budget_status", "view budget_status is changed"),
  ])
  func `what belongs to somebody else than the schema is named`(
    object: String, complaint: String
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await TestRole.with(in: database) { role in
        try await database.execute("GRANT CREATE ON SCHEMA trust_budget TO \"\(role.name)\"")
        try await database.execute("ALTER \(object) OWNER TO \"\(role.name)\"")
        let complaints = try await database.runner().verify().catalogue?.map(\.description) ?? []
        #expect(complaints.count == 1, "\(complaints)")
        #expect(complaints.first?.hasPrefix(complaint) == true, "\(complaints)")
        #expect(complaints.first?.contains("owned by \(role.name)") == true, "\(complaints)")
        // Before the role goes.
        try await database.execute(
          "REASSIGN OWNED BY \"\(role.name)\" TO CURRENT_USER; DROP OWNED BY \"\(role.name)\"")
      }
    }
  }

  @Test func `a schema that was made for whoever migrates is sound`() async throws {
    try await TestDatabase.withEmptyDatabase { database in
      try await TestRole.with(in: database) { owner in
        try await database.execute(
          """
          CREATE SCHEMA trust_budget;
          GRANT USAGE, CREATE ON SCHEMA trust_budget TO "\(owner.name)"
          """)
        _ = try await owner.database.runner().up()
        let result = try await owner.database.runner().verify()
        #expect(result.isSound, "\(result)")
        try await database.execute("DROP SCHEMA trust_budget CASCADE")
      }
    }
  }

  @Test(arguments: [
    "standard_conforming_strings = off", "quote_all_identifiers = on",
    "intervalstyle = sql_standard",
  ])
  func `the migrations make the same schema under a database's own defaults`(setting: String)
    async throws
  {
    try await TestDatabase.withEmptyDatabase { database in
      try await database.execute("ALTER DATABASE \(database.name) SET \(setting)")
      #expect(try await database.runner().up() == Migrations.embedded)
      #expect(try await database.runner().verify().isSound)
    }
  }

  @Test func `an index that was left invalid is named`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        """
        UPDATE pg_index SET indisvalid = false
        WHERE indexrelid = 'trust_budget.audit_entries_tail'::regclass
        """)
      let complaints = try await database.runner().verify().catalogue?.map(\.description)
      #expect(
        complaints?.first?.contains("index audit_entries.audit_entries_tail is changed") == true)
      #expect(complaints?.first?.contains("INVALID") == true)
    }
  }

  @Test func `a DBA's own views and indexes are let pass`() async throws {
    try await TestDatabase.withLedger { database in
      try await database.execute(
        """
        CREATE INDEX by_time ON trust_budget.audit_entries (occurred_at);
        CREATE VIEW trust_budget.mine AS SELECT count(*) AS entries FROM trust_budget.audit_entries;
        """)
      #expect(try await database.runner().verify().isSound)
    }
  }

  @Test(arguments: [
    (
      "view v", "SELECT a.b, (c) FROM d a WHERE ((b > 1));", "SELECT b, c FROM d a WHERE b > 1;",
      true
    ),
    ("view v", "SELECT b FROM d WHERE b > 1", "SELECT b FROM d WHERE b >= 1", false),
    ("constraint t.c", "CHECK ((a > 0))", "CHECK (a > 0)", true),
    ("constraint t.c", "CHECK (a > 0)", "CHECK (ab > 0)", false),
    ("trigger t.x", "EXECUTE FUNCTION a.f()", "EXECUTE FUNCTION b.f()", false),
  ])
  func `what PostgreSQL's versions print differently is no difference`(
    object: String, one: String, other: String, isSame: Bool
  ) throws {
    let expected = try #require(Catalogue("\(object): \(one)"))
    let found = try #require(Catalogue("\(object): \(other)"))
    #expect(expected.differences(from: found).isEmpty == isSame)
  }
}
