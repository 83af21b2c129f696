-- What a DBA asks the ledger, and the verification of its chains inside PostgreSQL.

CREATE VIEW trust_budget.budget_status AS
SELECT b.budget_id,
       b.initial_balance,
       CASE WHEN due.reset THEN b.initial_balance ELSE b.balance END AS balance,
       CASE WHEN due.reset THEN 0 ELSE b.spent END AS spent,
       CASE WHEN due.reset THEN 0 ELSE b.adjustment END AS adjustment,
       round(CASE WHEN due.reset OR b.initial_balance = 0 THEN 0
                  ELSE b.spent::numeric / b.initial_balance END, 4) AS share_used,
       b.reset_interval,
       grid.window_started_at,
       grid.window_started_at + b.reset_interval AS resets_at,
       b.last_seq AS entries,
       b.created_at
FROM trust_budget.budgets AS b
CROSS JOIN LATERAL (
    SELECT coalesce(now() >= b.window_started_at + b.reset_interval, false) AS reset
) AS due
CROSS JOIN LATERAL (
    -- Windows stay on their grid: whole intervals after the start of the recorded one.
    SELECT CASE WHEN due.reset
                THEN b.window_started_at + b.reset_interval
                     * floor(extract(epoch FROM now() - b.window_started_at)
                             / extract(epoch FROM b.reset_interval))
                ELSE b.window_started_at END AS window_started_at
) AS grid;

COMMENT ON VIEW   trust_budget.budget_status                   IS 'Every budget as a charge would find it now: a reset that is due is taken into account.';
COMMENT ON COLUMN trust_budget.budget_status.budget_id         IS 'The budget.';
COMMENT ON COLUMN trust_budget.budget_status.initial_balance   IS 'Points allocated to each window.';
COMMENT ON COLUMN trust_budget.budget_status.balance           IS 'Points left in the window that is open now.';
COMMENT ON COLUMN trust_budget.budget_status.spent             IS 'Points spent in the window that is open now.';
COMMENT ON COLUMN trust_budget.budget_status.adjustment        IS 'Points added or taken by administrators in the window that is open now.';
COMMENT ON COLUMN trust_budget.budget_status.share_used        IS 'spent as a share of initial_balance: 1 is all of it.';
COMMENT ON COLUMN trust_budget.budget_status.reset_interval    IS 'Length of a window; NULL: never resets.';
COMMENT ON COLUMN trust_budget.budget_status.window_started_at IS 'Start of the window that is open now.';
COMMENT ON COLUMN trust_budget.budget_status.resets_at         IS 'The next scheduled reset; NULL: never.';
COMMENT ON COLUMN trust_budget.budget_status.entries           IS 'Number of entries in the budget''s trail.';
COMMENT ON COLUMN trust_budget.budget_status.created_at        IS 'When the budget''s first request arrived.';

CREATE VIEW trust_budget.exhausted_budgets AS
SELECT budget_id, initial_balance, balance, resets_at
FROM trust_budget.budget_status
WHERE balance <= 0;

COMMENT ON VIEW   trust_budget.exhausted_budgets                 IS 'Budgets with nothing left now.';
COMMENT ON COLUMN trust_budget.exhausted_budgets.budget_id       IS 'The budget.';
COMMENT ON COLUMN trust_budget.exhausted_budgets.initial_balance IS 'Points allocated to each window.';
COMMENT ON COLUMN trust_budget.exhausted_budgets.balance         IS 'Points left: 0, or less where charges are only observed.';
COMMENT ON COLUMN trust_budget.exhausted_budgets.resets_at       IS 'The next scheduled reset; NULL: never.';

CREATE VIEW trust_budget.usage_by_user_day AS
SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day,
       username,
       budget_id,
       count(*) FILTER (WHERE kind = 'charge') AS charges,
       count(*) FILTER (WHERE kind = 'denial') AS denials,
       count(*) FILTER (WHERE kind = 'refund') AS refunds,
       coalesce(sum(cost) FILTER (WHERE kind = 'charge'), 0) AS points_charged,
       coalesce(sum(balance_after - balance_before) FILTER (WHERE kind = 'refund'), 0) AS points_refunded
FROM trust_budget.audit_entries
WHERE kind IN ('charge', 'denial', 'refund')
GROUP BY 1, 2, 3;

COMMENT ON VIEW   trust_budget.usage_by_user_day                 IS 'What each person used of each budget, by UTC day.';
COMMENT ON COLUMN trust_budget.usage_by_user_day.day             IS 'The day, in UTC.';
COMMENT ON COLUMN trust_budget.usage_by_user_day.username        IS 'Who asked.';
COMMENT ON COLUMN trust_budget.usage_by_user_day.budget_id       IS 'The budget that paid, or would have.';
COMMENT ON COLUMN trust_budget.usage_by_user_day.charges         IS 'Number of charges.';
COMMENT ON COLUMN trust_budget.usage_by_user_day.denials         IS 'Number of attempts that found too little.';
COMMENT ON COLUMN trust_budget.usage_by_user_day.refunds         IS 'Number of charges given back.';
COMMENT ON COLUMN trust_budget.usage_by_user_day.points_charged  IS 'Points taken.';
COMMENT ON COLUMN trust_budget.usage_by_user_day.points_refunded IS 'Points given back within their window.';

CREATE VIEW trust_budget.unsettled_charges AS
SELECT c.request_id, c.budget_id, c.username, c.cost, c.rule, c.node, c.occurred_at,
       clock_timestamp() - c.occurred_at AS age
FROM trust_budget.audit_entries AS c
WHERE c.kind = 'charge'
  AND NOT EXISTS (
      SELECT FROM trust_budget.audit_entries AS r
      WHERE r.request_id = c.request_id AND r.kind = 'settlement' AND r.part = c.part)
  AND NOT EXISTS (
      SELECT FROM trust_budget.audit_entries AS r
      WHERE r.request_id = c.request_id AND r.kind = 'refund' AND r.part = c.part);

COMMENT ON VIEW   trust_budget.unsettled_charges             IS 'Charges of which the CA has said neither that the certificate exists nor that it does not.';
COMMENT ON COLUMN trust_budget.unsettled_charges.request_id  IS 'The charge.';
COMMENT ON COLUMN trust_budget.unsettled_charges.budget_id   IS 'The budget that paid.';
COMMENT ON COLUMN trust_budget.unsettled_charges.username    IS 'Who asked.';
COMMENT ON COLUMN trust_budget.unsettled_charges.cost        IS 'Points taken.';
COMMENT ON COLUMN trust_budget.unsettled_charges.rule        IS 'The policy rule that decided.';
COMMENT ON COLUMN trust_budget.unsettled_charges.node        IS 'The node that decided.';
COMMENT ON COLUMN trust_budget.unsettled_charges.occurred_at IS 'When it was charged.';
COMMENT ON COLUMN trust_budget.unsettled_charges.age         IS 'How long ago that is.';

CREATE VIEW trust_budget.audit_trail AS
SELECT occurred_at, budget_id, budget_seq, kind, username, cost, balance_before, balance_after,
       request_id, rule, actor, node, detail
FROM trust_budget.audit_entries
ORDER BY occurred_at, entry_id;

COMMENT ON VIEW   trust_budget.audit_trail                IS 'The trail in the order of time, without the columns that only machines read.';
COMMENT ON COLUMN trust_budget.audit_trail.occurred_at    IS 'When.';
COMMENT ON COLUMN trust_budget.audit_trail.budget_id      IS 'The budget.';
COMMENT ON COLUMN trust_budget.audit_trail.budget_seq     IS 'The entry''s number in the budget''s chain.';
COMMENT ON COLUMN trust_budget.audit_trail.kind           IS 'What happened.';
COMMENT ON COLUMN trust_budget.audit_trail.username       IS 'Who asked.';
COMMENT ON COLUMN trust_budget.audit_trail.cost           IS 'Points that the request was about.';
COMMENT ON COLUMN trust_budget.audit_trail.balance_before IS 'The balance before.';
COMMENT ON COLUMN trust_budget.audit_trail.balance_after  IS 'The balance after.';
COMMENT ON COLUMN trust_budget.audit_trail.request_id     IS 'The caller''s id for the request.';
COMMENT ON COLUMN trust_budget.audit_trail.rule           IS 'The policy rule that decided.';
COMMENT ON COLUMN trust_budget.audit_trail.actor          IS 'The authenticated caller of the service.';
COMMENT ON COLUMN trust_budget.audit_trail.node           IS 'The node that decided.';
COMMENT ON COLUMN trust_budget.audit_trail.detail         IS 'What else there is to say.';

CREATE FUNCTION trust_budget.entry_hash(entry trust_budget.audit_entries, previous bytea, ledger_id uuid) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    -- A field as the hash sees it: its length in bytes (32 bits, big-endian) and its UTF-8 text; NULL
    -- is the length ffffffff. All in one expression: a call for each field made it twenty times slower.
    SELECT sha256(string_agg(CASE WHEN field IS NULL THEN '\xffffffff'::bytea
                                  ELSE int4send(octet_length(convert_to(field, 'UTF8'))) || convert_to(field, 'UTF8') END,
                             ''::bytea ORDER BY place)
                  || previous)
    FROM unnest(ARRAY[
        'trust-budget-entry-v1',
        ledger_id::text,
        entry.epoch::text,
        entry.budget_id,
        entry.budget_seq::text,
        entry.kind,
        entry.username,
        entry.cost::text,
        entry.balance_before::text,
        entry.balance_after::text,
        entry.request_id,
        entry.part::text,
        entry.rule,
        encode(entry.policy_digest, 'hex'),
        entry.actor,
        entry.node,
        entry.detail::text,
        to_char(entry.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
    ]) WITH ORDINALITY AS fields (field, place)
$$;
COMMENT ON FUNCTION trust_budget.entry_hash(trust_budget.audit_entries, bytea, uuid) IS 'The hash that an entry must have after the one before it (32 zero bytes before the first).';

CREATE FUNCTION trust_budget.verify_budget(budget text)
    RETURNS TABLE (budget_id text, budget_seq bigint, problem text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH chain AS (
        SELECT e AS entry,
               e.budget_seq,
               row_number() OVER w AS expected_seq,
               e.hash,
               coalesce(lag(e.hash) OVER w, decode(repeat('00', 32), 'hex')) AS previous_hash,
               e.balance_before,
               coalesce(lag(e.balance_after) OVER w, 0) AS expected_before
        FROM trust_budget.audit_entries AS e
        WHERE e.budget_id = budget
        WINDOW w AS (ORDER BY e.budget_seq)
    ), faults AS (
        SELECT c.budget_seq,
               CASE WHEN c.budget_seq <> c.expected_seq
                    THEN format('entries %s to %s are missing', c.expected_seq, c.budget_seq - 1)
                    WHEN c.hash <> trust_budget.entry_hash(c.entry, c.previous_hash, l.id)
                    THEN 'its hash does not match its content and the entry before it'
                    WHEN c.balance_before <> c.expected_before
                    THEN format('balance_before is %s, not %s', c.balance_before, c.expected_before)
               END AS problem
        FROM chain AS c CROSS JOIN trust_budget.ledger AS l
        UNION ALL
        SELECT coalesce(b.last_seq, t.budget_seq),
               CASE WHEN b.budget_id IS NULL THEN 'there are entries and no budget'
                    WHEN (t.budget_seq, t.hash) IS NOT DISTINCT FROM (b.last_seq, b.last_hash)
                    THEN format('the budget''s row says %s are left, not %s', b.balance, t.balance_after)
                    ELSE format('the newest entry in the trail is %s; the budget''s row says %s',
                                coalesce(t.budget_seq, 0), b.last_seq) END
        FROM (VALUES (1)) AS one
        LEFT JOIN trust_budget.budgets AS b ON b.budget_id = budget
        LEFT JOIN LATERAL (
            SELECT e.budget_seq, e.hash, e.balance_after FROM trust_budget.audit_entries AS e
            WHERE e.budget_id = budget ORDER BY e.budget_seq DESC LIMIT 1
        ) AS t ON true
        WHERE (t.budget_seq, t.hash, t.balance_after)
              IS DISTINCT FROM (b.last_seq, b.last_hash, b.balance)
    )
    SELECT budget, f.budget_seq, f.problem
    FROM faults AS f WHERE f.problem IS NOT NULL
    ORDER BY f.budget_seq LIMIT 1
$$;
COMMENT ON FUNCTION trust_budget.verify_budget(text) IS 'Verifies the chain of one budget against its row; returns the first entry that is wrong, or nothing.';

CREATE FUNCTION trust_budget.verify_all_budgets()
    RETURNS TABLE (budget_id text, budget_seq bigint, problem text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT v.budget_id, v.budget_seq, v.problem
    FROM (
        SELECT b.budget_id FROM trust_budget.budgets AS b
        UNION
        SELECT e.budget_id FROM trust_budget.audit_entries AS e
    ) AS known
    CROSS JOIN LATERAL trust_budget.verify_budget(known.budget_id) AS v
$$;
COMMENT ON FUNCTION trust_budget.verify_all_budgets() IS 'Verifies every budget''s chain; returns the first wrong entry of each, or nothing.';

-- PostgreSQL lets everybody call a new function; docs/dba.md says who needs to.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA trust_budget FROM PUBLIC;
