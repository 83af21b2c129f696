import ClaimedFile
import GRDB

/// What a journal's SQLite file holds. Its columns are those of PostgreSQL's `break_glass_events`.
enum JournalSchema {
  /// `PRAGMA user_version`.
  static let version: Int32 = 1
  /// `PRAGMA application_id`.
  static let applicationID = DatabaseHeader.Kind.breakGlassJournal.rawValue

  static let sql = """
    CREATE TABLE journal (
        only_row          INTEGER PRIMARY KEY CHECK (only_row = 1),
        journal_id        TEXT NOT NULL,
        -- Only to tell people how far PostgreSQL has it; the forwarder asks PostgreSQL itself.
        forwarded_through INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE break_glass_events (
        node_seq                   INTEGER PRIMARY KEY,
        node                       TEXT NOT NULL,
        username                   TEXT NOT NULL,
        reason                     TEXT NOT NULL,
        ticket                     TEXT,
        approvers                  TEXT NOT NULL,
        principals                 TEXT NOT NULL,
        max_duration               TEXT NOT NULL,
        max_duration_seconds       INTEGER NOT NULL,
        requested_duration_seconds INTEGER,
        request_id                 TEXT NOT NULL UNIQUE,
        request                    TEXT NOT NULL,
        policy_digest              BLOB NOT NULL,
        actor                      TEXT,
        occurred_at                TEXT NOT NULL,
        hash                       BLOB NOT NULL
    ) STRICT;
    CREATE INDEX break_glass_events_time ON break_glass_events (occurred_at, node_seq);
    CREATE TRIGGER break_glass_events_no_update BEFORE UPDATE ON break_glass_events
        BEGIN SELECT RAISE(ABORT, 'break_glass_events is append-only'); END;
    CREATE TRIGGER break_glass_events_no_delete BEFORE DELETE ON break_glass_events
        BEGIN SELECT RAISE(ABORT, 'break_glass_events is append-only'); END;
    """

  /// - Throws: `JournalProblem.foreign`, or `DatabaseError`.
  static func refuseForeign(_ database: Database) throws {
    guard try !isEmpty(database) else { return }
    let application = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
    let format = try Int32.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    if let problem = JournalProblem(applicationID: application, format: format) { throw problem }
    let encoding = try String.fetchOne(database, sql: "PRAGMA encoding") ?? ""
    guard encoding == "UTF-8" else {
      throw JournalProblem.foreign("its texts are \(encoding), and must be UTF-8")
    }
  }

  /// Makes the tables in an empty file, and checks those of another one, which is not foreign.
  ///
  /// - Returns: the journal's id.
  /// - Throws: `JournalProblem`, or `DatabaseError`.
  static func prepare(_ database: Database, newJournalID: String) throws -> String {
    if try isEmpty(database) {
      try database.execute(sql: sql)
      try database.execute(
        sql: "INSERT INTO journal (only_row, journal_id) VALUES (1, ?)",
        arguments: [newJournalID])
      try database.execute(sql: "PRAGMA user_version = \(version)")
      try database.execute(sql: "PRAGMA application_id = \(applicationID)")
      return newJournalID
    }
    // What another schema would decode to, nobody knows.
    guard try definitions(in: database) == expectedDefinitions() else {
      throw JournalProblem.corrupt("the journal's tables are not those that were made")
    }
    guard let id = try String.fetchOne(database, sql: "SELECT journal_id FROM journal") else {
      throw JournalProblem.corrupt("the journal has no identity")
    }
    return id
  }

  private static func isEmpty(_ database: Database) throws -> Bool {
    try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0
  }

  private static func expectedDefinitions() throws -> [String] {
    try DatabaseQueue().write { database in
      try database.execute(sql: sql)
      return try definitions(in: database)
    }
  }

  private static func definitions(in database: Database) throws -> [String] {
    try String.fetchAll(
      database, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
  }
}
