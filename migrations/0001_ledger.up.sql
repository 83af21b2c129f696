-- The ledger: budgets, and the append-only trail of everything that ever happened to them.
--
-- Balances are decided by the service under row locks, in one transaction with their entries.
-- Names are compared by bytes (COLLATE "C"), which is also the order in which rows are locked.

CREATE TABLE trust_budget.ledger (
    only_row    boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    id          uuid        NOT NULL DEFAULT gen_random_uuid(),
    epoch       bigint      NOT NULL DEFAULT 1 CHECK (epoch > 0),
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO trust_budget.ledger DEFAULT VALUES;

COMMENT ON TABLE  trust_budget.ledger            IS 'Which ledger this is: exactly one row.';
COMMENT ON COLUMN trust_budget.ledger.only_row   IS 'Always true: keeps the table at one row.';
COMMENT ON COLUMN trust_budget.ledger.id         IS 'The ledger''s identity; part of every entry''s hash.';
COMMENT ON COLUMN trust_budget.ledger.epoch      IS 'The life of the ledger: 1, and one more after each restore from a backup.';
COMMENT ON COLUMN trust_budget.ledger.created_at IS 'When the schema was made.';

CREATE TABLE trust_budget.budgets (
    budget_id         text        COLLATE "C" PRIMARY KEY,
    initial_balance   bigint      NOT NULL,
    adjustment        bigint      NOT NULL DEFAULT 0,
    spent             bigint      NOT NULL DEFAULT 0,
    balance           bigint      NOT NULL GENERATED ALWAYS AS (initial_balance + adjustment - spent) STORED,
    reset_interval    interval,
    window_started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    window_seq        bigint      NOT NULL DEFAULT 0,
    last_seq          bigint      NOT NULL DEFAULT 0,
    last_hash         bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT budget_id_is_bounded          CHECK (octet_length(budget_id) BETWEEN 1 AND 1024),
    CONSTRAINT initial_balance_is_kept_exact CHECK (initial_balance BETWEEN 0 AND 9007199254740991),
    CONSTRAINT adjustment_is_kept_exact      CHECK (adjustment BETWEEN -9007199254740991 AND 9007199254740991),
    CONSTRAINT spent_is_kept_exact           CHECK (spent BETWEEN 0 AND 9007199254740991),
    CONSTRAINT reset_interval_is_positive    CHECK (reset_interval > interval '0'),
    CONSTRAINT window_was_opened_by_an_entry CHECK (window_seq BETWEEN 0 AND last_seq),
    CONSTRAINT last_hash_is_sha256           CHECK (octet_length(last_hash) = 32)
) WITH (
    -- A charge updates one row in place: room on the page and no index on what changes keep every
    -- update heap-only, and vacuum comes round before a busy page fills.
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_cost_delay = 0
);

COMMENT ON TABLE  trust_budget.budgets                   IS 'One row a budget: what is allocated, what is spent in the window, and the head of its chain of entries.';
COMMENT ON COLUMN trust_budget.budgets.budget_id         IS 'The name that policy.yaml gives it: user:alice, group:sre.';
COMMENT ON COLUMN trust_budget.budgets.initial_balance   IS 'Points allocated to each window: the policy''s word at the latest charge.';
COMMENT ON COLUMN trust_budget.budgets.adjustment        IS 'Points that administrators added to this window, or took from it (below zero).';
COMMENT ON COLUMN trust_budget.budgets.spent             IS 'Points that charges took in this window, less those refunded.';
COMMENT ON COLUMN trust_budget.budgets.balance           IS 'initial_balance + adjustment - spent, not regarding a reset that is due: see budget_status.';
COMMENT ON COLUMN trust_budget.budgets.reset_interval    IS 'Length of a window; NULL: one window, for ever.';
COMMENT ON COLUMN trust_budget.budgets.window_started_at IS 'Start of the window that the figures belong to, on the grid of reset_interval.';
COMMENT ON COLUMN trust_budget.budgets.window_seq        IS 'budget_seq of the entry that opened the window: the allocation, or the last reset.';
COMMENT ON COLUMN trust_budget.budgets.last_seq          IS 'budget_seq of the newest entry.';
COMMENT ON COLUMN trust_budget.budgets.last_hash         IS 'Hash of the newest entry: the head of the chain.';
COMMENT ON COLUMN trust_budget.budgets.created_at        IS 'When the budget''s first request arrived.';

CREATE TABLE trust_budget.audit_entries (
    entry_id       bigint      GENERATED ALWAYS AS IDENTITY,
    epoch          bigint      NOT NULL,
    transaction_id xid8        NOT NULL DEFAULT pg_current_xact_id(),
    budget_id      text        COLLATE "C" NOT NULL,
    budget_seq     bigint      NOT NULL,
    kind           text        COLLATE "C" NOT NULL,
    username       text        COLLATE "C",
    cost           bigint      NOT NULL,
    balance_before bigint      NOT NULL,
    balance_after  bigint      NOT NULL,
    request_id     text        COLLATE "C",
    part           smallint    NOT NULL DEFAULT 1,
    rule           text        COLLATE "C",
    policy_digest  bytea,
    actor          text        COLLATE "C",
    node           text        COLLATE "C" NOT NULL,
    detail         json        NOT NULL,
    occurred_at    timestamptz NOT NULL,
    hash           bytea       NOT NULL,

    PRIMARY KEY (budget_id, budget_seq),
    CONSTRAINT kind_is_known            CHECK (kind IN ('allocation', 'charge', 'denial', 'reset', 'refund', 'settlement', 'adjustment')),
    CONSTRAINT budget_seq_starts_at_one CHECK (budget_seq > 0),
    CONSTRAINT cost_is_kept_exact       CHECK (cost BETWEEN 0 AND 9007199254740991),
    CONSTRAINT policy_digest_is_sha256  CHECK (octet_length(policy_digest) = 32),
    CONSTRAINT hash_is_sha256           CHECK (octet_length(hash) = 32)
);

-- The identity of a request, and of what became of it: no request id counts twice, on any node, not
-- even once as a charge and once as an adjustment. Denials are left out, because a denied request may
-- be sent again.
CREATE UNIQUE INDEX audit_entries_request
    ON trust_budget.audit_entries
       (request_id, (CASE WHEN kind IN ('settlement', 'refund') THEN kind ELSE 'request' END), part)
    WHERE kind <> 'denial';

-- The order in which the trail is read by those who follow it (identity values alone do not commit
-- in order).
CREATE UNIQUE INDEX audit_entries_tail
    ON trust_budget.audit_entries (epoch, transaction_id, entry_id);

COMMENT ON TABLE  trust_budget.audit_entries                IS 'The audit trail, append-only: every change of every budget, and every denial, chained by hash for each budget.';
COMMENT ON COLUMN trust_budget.audit_entries.entry_id       IS 'Order of insertion, with gaps, and not the order of commits.';
COMMENT ON COLUMN trust_budget.audit_entries.epoch          IS 'The ledger''s epoch at the time; transaction_id compares within one epoch only.';
COMMENT ON COLUMN trust_budget.audit_entries.transaction_id IS 'The transaction that wrote the entry; entries of one batch share it.';
COMMENT ON COLUMN trust_budget.audit_entries.budget_id      IS 'The budget that the entry belongs to.';
COMMENT ON COLUMN trust_budget.audit_entries.budget_seq     IS 'Place in the budget''s chain: 1, 2, 3, … without gaps.';
COMMENT ON COLUMN trust_budget.audit_entries.kind           IS 'allocation: made, or new terms. charge: points taken. denial: too little left, nothing taken. reset: a new window. refund: a charge given back. settlement: its certificate exists. adjustment: points added or taken by an administrator.';
COMMENT ON COLUMN trust_budget.audit_entries.username       IS 'Who asked for the certificate; NULL where nobody did (a scheduled reset).';
COMMENT ON COLUMN trust_budget.audit_entries.cost           IS 'Points that the request was about; 0 where it was about none.';
COMMENT ON COLUMN trust_budget.audit_entries.balance_before IS 'The budget''s balance before the entry.';
COMMENT ON COLUMN trust_budget.audit_entries.balance_after  IS 'The budget''s balance after the entry.';
COMMENT ON COLUMN trust_budget.audit_entries.request_id     IS 'The caller''s id for the request; the same for a charge, its settlement and its refund.';
COMMENT ON COLUMN trust_budget.audit_entries.part           IS '1, 2, … among the entries of one request that concerns several budgets.';
COMMENT ON COLUMN trust_budget.audit_entries.rule           IS 'The policy rule that decided; NULL where the caller named the terms.';
COMMENT ON COLUMN trust_budget.audit_entries.policy_digest  IS 'SHA-256 of the policy file that decided.';
COMMENT ON COLUMN trust_budget.audit_entries.actor          IS 'The authenticated caller of the service; NULL where authentication is off.';
COMMENT ON COLUMN trust_budget.audit_entries.node           IS 'The name of the node that decided.';
COMMENT ON COLUMN trust_budget.audit_entries.detail         IS 'What else there is to say, by kind. Type json, not jsonb: the hash covers the text to the letter.';
COMMENT ON COLUMN trust_budget.audit_entries.occurred_at    IS 'The database''s clock, read under the locks.';
COMMENT ON COLUMN trust_budget.audit_entries.hash           IS 'SHA-256 over the entry and the hash before it: docs/audit-format.md.';

CREATE FUNCTION trust_budget.refuse_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only: % is refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'Entries are evidence. Correct a balance with an adjustment: trust-budget budget adjust.';
END
$$;
-- PostgreSQL lets everybody call a new function. A trigger needs no such permission.
REVOKE ALL ON FUNCTION trust_budget.refuse_change() FROM PUBLIC;
COMMENT ON FUNCTION trust_budget.refuse_change() IS 'Trigger: refuses UPDATE, DELETE and TRUNCATE, even to the owner.';

CREATE TRIGGER audit_entries_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON trust_budget.audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION trust_budget.refuse_change();
-- ALWAYS: also in a session that calls itself a replica.
ALTER TABLE trust_budget.audit_entries ENABLE ALWAYS TRIGGER audit_entries_are_append_only;
