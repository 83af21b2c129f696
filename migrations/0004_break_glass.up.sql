-- compatible-with: 3
--
-- The trail of emergencies. Nodes record an event on their own disk first, where it is numbered and
-- chained by hash, and bring it here when PostgreSQL can be reached. So a chain belongs to a journal,
-- not to the ledger, and its clock is the node's.

CREATE TABLE trust_budget.break_glass_events (
    event_id                   bigint      GENERATED ALWAYS AS IDENTITY,
    epoch                      bigint      NOT NULL,
    transaction_id             xid8        NOT NULL DEFAULT pg_current_xact_id(),
    journal_id                 uuid        NOT NULL,
    node_seq                   bigint      NOT NULL,
    node                       text        COLLATE "C" NOT NULL,
    username                   text        COLLATE "C" NOT NULL,
    reason                     text        COLLATE "C" NOT NULL,
    ticket                     text        COLLATE "C",
    approvers                  text[]      COLLATE "C" NOT NULL,
    principals                 text[]      COLLATE "C" NOT NULL,
    max_duration               text        COLLATE "C" NOT NULL,
    max_duration_seconds       bigint      NOT NULL,
    requested_duration_seconds bigint,
    request_id                 text        COLLATE "C" NOT NULL,
    request                    text        COLLATE "C" NOT NULL,
    policy_digest              bytea       NOT NULL,
    actor                      text        COLLATE "C",
    occurred_at                timestamptz NOT NULL,
    recorded_at                timestamptz NOT NULL DEFAULT clock_timestamp(),
    hash                       bytea       NOT NULL,

    PRIMARY KEY (journal_id, node_seq),
    CONSTRAINT node_seq_starts_at_one       CHECK (node_seq > 0),
    CONSTRAINT there_is_a_reason            CHECK (length(reason) > 0),
    CONSTRAINT nobody_approves_himself      CHECK (username <> ALL (approvers)),
    CONSTRAINT approvers_are_a_plain_list   CHECK (coalesce(array_ndims(approvers), 1) = 1 AND array_position(approvers, NULL) IS NULL),
    CONSTRAINT principals_are_a_plain_list  CHECK (coalesce(array_ndims(principals), 0) = 1 AND array_position(principals, NULL) IS NULL),
    CONSTRAINT max_duration_is_positive     CHECK (max_duration_seconds > 0),
    CONSTRAINT requested_duration_was_granted CHECK (requested_duration_seconds = max_duration_seconds),
    CONSTRAINT policy_digest_is_sha256      CHECK (octet_length(policy_digest) = 32),
    CONSTRAINT hash_is_sha256               CHECK (octet_length(hash) = 32)
);

-- The order in which the trail is read by those who follow it, as that of audit_entries.
CREATE UNIQUE INDEX break_glass_events_tail
    ON trust_budget.break_glass_events (epoch, transaction_id, event_id);
-- The order in which people read it.
CREATE INDEX break_glass_events_time
    ON trust_budget.break_glass_events (occurred_at, journal_id, node_seq);
-- For a node that has no journal, and must know whether it has recorded a request already.
CREATE INDEX break_glass_events_request
    ON trust_budget.break_glass_events (request_id);

COMMENT ON TABLE  trust_budget.break_glass_events                            IS 'Emergency certificates, append-only and chained by hash for each journal. No budget is charged for them, and audit_entries never mentions them.';
COMMENT ON COLUMN trust_budget.break_glass_events.event_id                   IS 'Order of insertion, with gaps, and not the order of commits.';
COMMENT ON COLUMN trust_budget.break_glass_events.epoch                      IS 'The ledger''s epoch when the event came here; transaction_id compares within one epoch only.';
COMMENT ON COLUMN trust_budget.break_glass_events.transaction_id             IS 'The transaction that brought the event here.';
COMMENT ON COLUMN trust_budget.break_glass_events.journal_id                 IS 'The journal that the event belongs to. A node that has lost its journal begins a new one.';
COMMENT ON COLUMN trust_budget.break_glass_events.node_seq                   IS 'Place in the journal''s chain: 1, 2, 3, … without gaps.';
COMMENT ON COLUMN trust_budget.break_glass_events.node                       IS 'The name of the node that answered.';
COMMENT ON COLUMN trust_budget.break_glass_events.username                   IS 'Who asked for the certificate.';
COMMENT ON COLUMN trust_budget.break_glass_events.reason                     IS 'Why, in the words of who asked.';
COMMENT ON COLUMN trust_budget.break_glass_events.ticket                     IS 'The incident''s number elsewhere, if one was given.';
COMMENT ON COLUMN trust_budget.break_glass_events.approvers                  IS 'Who approved, as far as the caller says: each once, never the requester.';
COMMENT ON COLUMN trust_budget.break_glass_events.principals                 IS 'What the certificate may name.';
COMMENT ON COLUMN trust_budget.break_glass_events.max_duration               IS 'The longest validity, as it was answered: 60s.';
COMMENT ON COLUMN trust_budget.break_glass_events.max_duration_seconds       IS 'The same in seconds.';
COMMENT ON COLUMN trust_budget.break_glass_events.requested_duration_seconds IS 'The validity that was asked for; NULL: the longest that the policy allows.';
COMMENT ON COLUMN trust_budget.break_glass_events.request_id                 IS 'The caller''s id for the request.';
COMMENT ON COLUMN trust_budget.break_glass_events.request                    IS 'A fingerprint of what the caller asked, by which a repeated request is told from another one with the same id.';
COMMENT ON COLUMN trust_budget.break_glass_events.policy_digest              IS 'SHA-256 of the policy file whose break_glass section allowed it.';
COMMENT ON COLUMN trust_budget.break_glass_events.actor                      IS 'The authenticated caller of the service; NULL where authentication is off.';
COMMENT ON COLUMN trust_budget.break_glass_events.occurred_at                IS 'The node''s clock: PostgreSQL may have been away.';
COMMENT ON COLUMN trust_budget.break_glass_events.recorded_at                IS 'PostgreSQL''s clock when the event came here.';
COMMENT ON COLUMN trust_budget.break_glass_events.hash                       IS 'SHA-256 over the event and the hash before it in its journal: docs/audit-format.md.';

CREATE TRIGGER break_glass_events_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON trust_budget.break_glass_events
    FOR EACH STATEMENT EXECUTE FUNCTION trust_budget.refuse_change();
ALTER TABLE trust_budget.break_glass_events ENABLE ALWAYS TRIGGER break_glass_events_are_append_only;

CREATE FUNCTION trust_budget.break_glass_hash(event trust_budget.break_glass_events, previous bytea) RETURNS bytea
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
$$;
COMMENT ON FUNCTION trust_budget.break_glass_hash(trust_budget.break_glass_events, bytea) IS 'The hash that an event must have after the one before it in its journal (32 zero bytes before the first).';

CREATE FUNCTION trust_budget.verify_break_glass(journal uuid)
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
                    WHEN c.hash <> trust_budget.break_glass_hash(c.event, c.previous_hash)
                    THEN 'its hash does not match its content and the event before it'
               END AS problem
        FROM chain AS c
    )
    SELECT journal, f.node_seq, f.problem
    FROM faults AS f WHERE f.problem IS NOT NULL
    ORDER BY f.node_seq LIMIT 1
$$;
COMMENT ON FUNCTION trust_budget.verify_break_glass(uuid) IS 'Verifies the chain of one journal; returns the first event that is wrong, or nothing.';

CREATE FUNCTION trust_budget.verify_all_break_glass()
    RETURNS TABLE (journal_id uuid, node_seq bigint, problem text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT v.journal_id, v.node_seq, v.problem
    FROM (SELECT DISTINCT e.journal_id FROM trust_budget.break_glass_events AS e) AS known
    CROSS JOIN LATERAL trust_budget.verify_break_glass(known.journal_id) AS v
$$;
COMMENT ON FUNCTION trust_budget.verify_all_break_glass() IS 'Verifies every journal''s chain; returns the first wrong event of each, or nothing.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA trust_budget FROM PUBLIC;
