import ClaimedFile

/// The file's tables and views, as `docs/audit-format.md` describes them.
enum AuditFileSchema {
  /// In the file's header (`PRAGMA application_id`).
  static let applicationID = DatabaseHeader.Kind.auditFile.rawValue
  /// In the file's header (`PRAGMA user_version`), and in `meta`.
  static let version: Int32 = 4

  static let script = """
    PRAGMA application_id = \(applicationID);
    PRAGMA user_version = \(version);

    -- What this file is: one row.
    CREATE TABLE meta (
        only_row       INTEGER PRIMARY KEY CHECK (only_row = 1),
        format_version INTEGER NOT NULL,
        ledger_id      TEXT    NOT NULL,
        epoch          INTEGER NOT NULL,
        complete_as_of TEXT,             -- all that was committed by then is here
        filter         TEXT              -- what an export was restricted to; NULL: the whole trail
    );

    -- How far each table of PostgreSQL is here: the last row in the order in which it is followed.
    CREATE TABLE cursors (
        table_name     TEXT    PRIMARY KEY,
        epoch          INTEGER NOT NULL,
        transaction_id INTEGER NOT NULL,
        entry_id       INTEGER NOT NULL, -- of break_glass_events: the event_id
        entries        INTEGER NOT NULL  -- rows that are here
    ) WITHOUT ROWID;

    -- The trail, column by column as PostgreSQL has it. Times are UTC. What is written with each entry
    -- is written at the end: an index by budget would cost another page for every one of them.
    CREATE TABLE audit_entries (
        entry_id       INTEGER NOT NULL,
        epoch          INTEGER NOT NULL,
        transaction_id INTEGER NOT NULL,
        budget_id      TEXT    NOT NULL,
        budget_seq     INTEGER NOT NULL,
        kind           TEXT    NOT NULL,
        username       TEXT,
        cost           INTEGER NOT NULL,
        balance_before INTEGER NOT NULL,
        balance_after  INTEGER NOT NULL,
        request_id     TEXT,
        part           INTEGER NOT NULL,
        rule           TEXT,
        policy_digest  BLOB,
        actor          TEXT,
        node           TEXT    NOT NULL,
        detail         TEXT    NOT NULL,
        occurred_at    TEXT    NOT NULL,
        hash           BLOB    NOT NULL
    );
    CREATE INDEX audit_entries_time ON audit_entries (occurred_at);

    -- What each budget's entries make of it, as of its entry last_seq. Charges, denials and settlements
    -- may have come since: they are all in their balances.
    CREATE TABLE budget_states (
        budget_id                   TEXT    PRIMARY KEY,
        initial_balance             INTEGER NOT NULL,
        adjustment                  INTEGER NOT NULL,
        spent                       INTEGER NOT NULL,
        reset_interval_microseconds INTEGER,
        window_started_at           TEXT    NOT NULL,
        resets_at                   TEXT,
        window_seq                  INTEGER NOT NULL,
        last_seq                    INTEGER NOT NULL,
        last_hash                   BLOB    NOT NULL,
        created_at                  TEXT    NOT NULL
    ) WITHOUT ROWID;

    -- Entries that are here before the one that they follow, because its transaction was still in
    -- the way. It comes before the horizon passes `horizon`, or it is missing.
    CREATE TABLE awaited (
        budget_id  TEXT    NOT NULL,
        budget_seq INTEGER NOT NULL,
        epoch      INTEGER NOT NULL,
        horizon    INTEGER NOT NULL,
        PRIMARY KEY (budget_id, budget_seq)
    ) WITHOUT ROWID;

    -- Successful charges.
    CREATE VIEW transactions (id, budget_id, username, cost, balance_before, balance_after,
                              timestamp, request_id) AS
    SELECT entry_id, budget_id, username, cost, balance_before, balance_after, occurred_at,
           request_id
    FROM audit_entries WHERE kind = 'charge';

    -- Emergency certificates, column by column as PostgreSQL has them. Lists are JSON.
    CREATE TABLE break_glass_events (
        event_id                   INTEGER NOT NULL,
        epoch                      INTEGER NOT NULL,
        transaction_id             INTEGER NOT NULL,
        journal_id                 TEXT    NOT NULL,
        node_seq                   INTEGER NOT NULL,
        node                       TEXT    NOT NULL,
        username                   TEXT    NOT NULL,
        reason                     TEXT    NOT NULL,
        ticket                     TEXT,
        approvers                  TEXT    NOT NULL,
        principals                 TEXT    NOT NULL,
        max_duration               TEXT    NOT NULL,
        max_duration_seconds       INTEGER NOT NULL,
        requested_duration_seconds INTEGER,
        request_id                 TEXT    NOT NULL,
        request                    TEXT    NOT NULL,
        policy_digest              BLOB    NOT NULL,
        actor                      TEXT,
        occurred_at                TEXT    NOT NULL,
        recorded_at                TEXT    NOT NULL,
        hash                       BLOB    NOT NULL,
        PRIMARY KEY (journal_id, node_seq)
    );
    CREATE INDEX break_glass_events_time ON break_glass_events (occurred_at);

    -- The head of each journal's chain.
    CREATE TABLE break_glass_journals (
        journal_id TEXT    PRIMARY KEY,
        last_seq   INTEGER NOT NULL,
        last_hash  BLOB    NOT NULL
    ) WITHOUT ROWID;

    -- As awaited, for events.
    CREATE TABLE break_glass_awaited (
        journal_id TEXT    NOT NULL,
        node_seq   INTEGER NOT NULL,
        epoch      INTEGER NOT NULL,
        horizon    INTEGER NOT NULL,
        PRIMARY KEY (journal_id, node_seq)
    ) WITHOUT ROWID;

    -- What came, in the order of the entries' rowids: of each entry budget_id, budget_seq and hash.
    CREATE TABLE receipts (
        first_row INTEGER PRIMARY KEY,   -- rowid of the first of them
        rows      INTEGER NOT NULL,
        content   BLOB    NOT NULL
    );

    -- The end of each budget's chain, as of its entry last_seq, and the balance after it. There is
    -- none yet of a budget whose entries are all new.
    CREATE TABLE budget_heads (
        budget_id TEXT    PRIMARY KEY,
        last_seq  INTEGER NOT NULL,
        last_hash BLOB    NOT NULL,
        balance   INTEGER NOT NULL
    ) WITHOUT ROWID;

    -- Of entries with a higher rowid, the heads need not know.
    ALTER TABLE meta ADD COLUMN heads_through INTEGER NOT NULL DEFAULT 0;

    -- current_balance: as of the last entry. balance: after a reset that is due.
    CREATE VIEW budgets (budget_id, initial_balance, current_balance, balance,
                         reset_interval_hours, last_reset_at, created_at) AS
    SELECT budget_id, initial_balance, last_balance,
           CASE WHEN resets_at <= strftime('%Y-%m-%d %H:%M:%f', 'now') THEN initial_balance
                ELSE last_balance END,
           reset_interval_microseconds / 3600000000.0, window_started_at, created_at
    FROM (SELECT s.*, CASE WHEN h.last_seq >= n.last_seq OR n.last_seq IS NULL THEN h.balance
                           ELSE n.balance END AS last_balance
          FROM budget_states AS s
          LEFT JOIN budget_heads AS h ON h.budget_id = s.budget_id
          LEFT JOIN (SELECT budget_id, max(budget_seq) AS last_seq, balance_after AS balance
                     FROM audit_entries WHERE rowid > (SELECT heads_through FROM meta)
                     GROUP BY budget_id) AS n ON n.budget_id = s.budget_id);
    """

  /// What an export has more, for whoever asks for a budget.
  static let budgetIndex =
    "CREATE UNIQUE INDEX audit_entries_budget ON audit_entries (budget_id, budget_seq)"
}
