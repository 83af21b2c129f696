-- compatible-with: 5
-- optional
--
-- What no new row of the two trails has: another epoch than the ledger's, a moment outside the years 1 to 9999, a list
-- that does not begin at 1. A row of a later epoch stops whoever follows the trail, and one of an earlier epoch is not
-- seen by those who have gone beyond that; the year 2026 BC is written as
-- 2026 is, and so has its hash; and where approvers begin at 7, approvers[1] is NULL under the hash of a list that
-- begins at 1. (NOT VALID: what is there already is told by whoever verifies the trail.)

-- Meanwhile nobody begins an epoch.
LOCK TABLE trust_budget.audit_entries IN ACCESS EXCLUSIVE MODE;
ALTER TABLE trust_budget.audit_entries DROP CONSTRAINT epoch_is_current;
DO $$
DECLARE
    current_epoch bigint;
BEGIN
    SELECT epoch INTO STRICT current_epoch FROM trust_budget.ledger;
    EXECUTE format('ALTER TABLE trust_budget.audit_entries ADD CONSTRAINT epoch_is_current CHECK (epoch = %s) NOT VALID', current_epoch);
    -- Somebody may have added it, to restore a dump that has it.
    ALTER TABLE trust_budget.break_glass_events DROP CONSTRAINT IF EXISTS epoch_is_current;
    EXECUTE format('ALTER TABLE trust_budget.break_glass_events ADD CONSTRAINT epoch_is_current CHECK (epoch = %s) NOT VALID', current_epoch);
END
$$;

ALTER TABLE trust_budget.audit_entries
    ADD CONSTRAINT year_has_four_digits CHECK (occurred_at BETWEEN '0001-01-01 00:00:00Z' AND '9999-12-31 23:59:59.999999Z') NOT VALID;
ALTER TABLE trust_budget.break_glass_events
    ADD CONSTRAINT year_has_four_digits CHECK (occurred_at BETWEEN '0001-01-01 00:00:00Z' AND '9999-12-31 23:59:59.999999Z') NOT VALID,
    DROP CONSTRAINT approvers_are_a_plain_list,
    DROP CONSTRAINT principals_are_a_plain_list,
    ADD CONSTRAINT approvers_are_a_plain_list CHECK (coalesce(array_ndims(approvers), 1) = 1 AND coalesce(array_lower(approvers, 1), 1) = 1 AND array_position(approvers, NULL) IS NULL) NOT VALID,
    ADD CONSTRAINT principals_are_a_plain_list CHECK (coalesce(array_ndims(principals), 0) = 1 AND array_lower(principals, 1) = 1 AND array_position(principals, NULL) IS NULL) NOT VALID;

CREATE OR REPLACE FUNCTION trust_budget.begin_epoch(reason text) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    new_epoch bigint;
BEGIN
    -- The order in which a charge takes them, and then an emergency.
    LOCK TABLE trust_budget.budgets, trust_budget.audit_entries, trust_budget.ledger, trust_budget.break_glass_events
        IN ACCESS EXCLUSIVE MODE;
    UPDATE trust_budget.ledger
    SET epoch = epoch + 1,
        (system_identifier, timeline) = (SELECT s.system_identifier, s.timeline FROM trust_budget.server() AS s),
        database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()),
        written_by = pg_current_xact_id()
    RETURNING epoch INTO STRICT new_epoch;
    ALTER TABLE trust_budget.audit_entries DROP CONSTRAINT epoch_is_current;
    EXECUTE format('ALTER TABLE trust_budget.audit_entries ADD CONSTRAINT epoch_is_current CHECK (epoch = %s) NOT VALID', new_epoch);
    ALTER TABLE trust_budget.break_glass_events DROP CONSTRAINT epoch_is_current;
    EXECUTE format('ALTER TABLE trust_budget.break_glass_events ADD CONSTRAINT epoch_is_current CHECK (epoch = %s) NOT VALID', new_epoch);
    INSERT INTO trust_budget.ledger_history (event, epoch, system_identifier, timeline, reason)
    SELECT 'new_epoch', l.epoch, l.system_identifier, l.timeline, begin_epoch.reason
    FROM trust_budget.ledger AS l;
    RETURN new_epoch;
END
$$;
COMMENT ON FUNCTION trust_budget.begin_epoch(text) IS 'For the owner: goes on with a ledger that was restored or has lost entries, in a new epoch. See trust-budget ledger new-epoch.';

CREATE OR REPLACE FUNCTION trust_budget.entry_hash(entry trust_budget.audit_entries, previous bytea, ledger_id uuid) RETURNS bytea
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
    -- Beyond these, to_char gives years that are no four digits, or another moment's.
    WHERE entry.occurred_at BETWEEN timestamptz '0001-01-01 00:00:00Z' AND timestamptz '9999-12-31 23:59:59.999999Z'
$$;
COMMENT ON FUNCTION trust_budget.entry_hash(trust_budget.audit_entries, bytea, uuid) IS 'The hash that an entry must have after the one before it (32 zero bytes before the first); NULL for a moment outside the years 1 to 9999, which no entry has.';

CREATE OR REPLACE FUNCTION trust_budget.verify_budget(budget text)
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
                    WHEN c.hash IS DISTINCT FROM trust_budget.entry_hash(c.entry, c.previous_hash, l.id)
                    THEN 'its hash does not match its content and the entry before it'
                    WHEN (c.entry).epoch NOT BETWEEN 1 AND l.epoch
                    THEN format('it is of epoch %s, and the ledger is in epoch %s', (c.entry).epoch, l.epoch)
                    WHEN c.balance_before <> c.expected_before
                    THEN format('balance_before is %s, not %s', c.balance_before, c.expected_before)
               END AS problem
        FROM chain AS c CROSS JOIN trust_budget.ledger AS l
        UNION ALL
        SELECT coalesce(b.last_seq, t.budget_seq),
               CASE WHEN b.budget_id IS NULL THEN 'there are entries and no budget'
                    WHEN (t.budget_seq, t.hash) IS NOT DISTINCT FROM (b.last_seq, b.last_hash)
                    THEN format('the budget''s row says %s are left, not %s', b.balance, t.balance_after)
                    WHEN t.budget_seq = b.last_seq
                    THEN format('the budget''s row has another hash than entry %s', b.last_seq)
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

CREATE OR REPLACE FUNCTION trust_budget.break_glass_hash(event trust_budget.break_glass_events, previous bytea) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    -- A field as the hash sees it: as in entry_hash. A list is the number of its members, and then each.
    SELECT sha256(string_agg(CASE WHEN field IS NULL THEN '\xffffffff'::bytea
                                  ELSE int4send(octet_length(convert_to(field, 'UTF8'))) || convert_to(field, 'UTF8') END,
                             ''::bytea ORDER BY place)
                  || previous)
    FROM unnest(ARRAY[
            'trust-budget-break-glass-v1',
            event.journal_id::text,
            event.node_seq::text,
            event.node,
            event.username,
            event.reason,
            event.ticket,
            cardinality(event.approvers)::text
        ] || event.approvers || ARRAY[
            cardinality(event.principals)::text
        ] || event.principals || ARRAY[
            event.max_duration,
            event.max_duration_seconds::text,
            event.requested_duration_seconds::text,
            event.request_id,
            event.request,
            encode(event.policy_digest, 'hex'),
            event.actor,
            to_char(event.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
        ]) WITH ORDINALITY AS fields (field, place)
    -- As in entry_hash.
    WHERE event.occurred_at BETWEEN timestamptz '0001-01-01 00:00:00Z' AND timestamptz '9999-12-31 23:59:59.999999Z'
$$;
COMMENT ON FUNCTION trust_budget.break_glass_hash(trust_budget.break_glass_events, bytea) IS 'The hash that an event must have after the one before it in its journal (32 zero bytes before the first); NULL for a moment outside the years 1 to 9999, which no event has.';

CREATE OR REPLACE FUNCTION trust_budget.verify_break_glass(journal uuid)
    RETURNS TABLE (journal_id uuid, node_seq bigint, problem text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH chain AS (
        SELECT e AS event,
               e.node_seq,
               row_number() OVER w AS expected_seq,
               e.hash,
               coalesce(lag(e.hash) OVER w, decode(repeat('00', 32), 'hex')) AS previous_hash
        FROM trust_budget.break_glass_events AS e
        WHERE e.journal_id = journal
        WINDOW w AS (ORDER BY e.node_seq)
    ), faults AS (
        SELECT c.node_seq,
               CASE WHEN c.node_seq <> c.expected_seq
                    THEN format('events %s to %s are missing', c.expected_seq, c.node_seq - 1)
                    WHEN c.hash IS DISTINCT FROM trust_budget.break_glass_hash(c.event, c.previous_hash)
                    THEN 'its hash does not match its content and the event before it'
                    WHEN (c.event).epoch NOT BETWEEN 1 AND (SELECT l.epoch FROM trust_budget.ledger AS l)
                    THEN format('it is of epoch %s, and the ledger is in epoch %s', (c.event).epoch,
                                (SELECT l.epoch FROM trust_budget.ledger AS l))
               END AS problem
        FROM chain AS c
    )
    SELECT journal, f.node_seq, f.problem
    FROM faults AS f WHERE f.problem IS NOT NULL
    ORDER BY f.node_seq LIMIT 1
$$;
