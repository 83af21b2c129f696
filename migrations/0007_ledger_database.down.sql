CREATE OR REPLACE FUNCTION trust_budget.server()
    RETURNS TABLE (system_identifier bigint, timeline bigint, is_original boolean)
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (SELECT s.system_identifier FROM pg_control_system() AS s),
           ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint,
           l.xmin::text::numeric = l.written_by::text::numeric % 4294967296
    FROM trust_budget.ledger AS l
$$;
COMMENT ON FUNCTION trust_budget.server() IS 'The cluster and timeline that this is, and whether the ledger''s row is the original or came from a dump.';

CREATE OR REPLACE FUNCTION trust_budget.begin_epoch(reason text) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    new_epoch bigint;
BEGIN
    -- The order in which a charge takes them.
    LOCK TABLE trust_budget.budgets, trust_budget.audit_entries, trust_budget.ledger IN ACCESS EXCLUSIVE MODE;
    UPDATE trust_budget.ledger
    SET epoch = epoch + 1,
        (system_identifier, timeline) = (SELECT s.system_identifier, s.timeline FROM trust_budget.server() AS s),
        written_by = pg_current_xact_id()
    RETURNING epoch INTO STRICT new_epoch;
    ALTER TABLE trust_budget.audit_entries DROP CONSTRAINT epoch_is_current;
    EXECUTE format('ALTER TABLE trust_budget.audit_entries ADD CONSTRAINT epoch_is_current CHECK (epoch >= %s) NOT VALID', new_epoch);
    INSERT INTO trust_budget.ledger_history (event, epoch, system_identifier, timeline, reason)
    SELECT 'new_epoch', l.epoch, l.system_identifier, l.timeline, begin_epoch.reason
    FROM trust_budget.ledger AS l;
    RETURN new_epoch;
END
$$;
COMMENT ON FUNCTION trust_budget.begin_epoch(text) IS 'For the owner: goes on with a ledger that was restored or has lost entries, in a new epoch. See trust-budget ledger new-epoch.';

CREATE OR REPLACE FUNCTION trust_budget.recognise_server(witness_budget text, witness_seq bigint, witness_hash bytea)
    RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known trust_budget.ledger;
    found record;
BEGIN
    SELECT * INTO STRICT known FROM trust_budget.ledger FOR UPDATE;
    SELECT * INTO STRICT found FROM trust_budget.server();
    IF (known.system_identifier, known.timeline) = (found.system_identifier, found.timeline) THEN
        RETURN;  -- another node was quicker
    END IF;
    IF NOT found.is_original THEN
        RAISE EXCEPTION 'the ledger was restored from a dump';
    END IF;
    IF known.system_identifier = found.system_identifier AND NOT EXISTS (
        SELECT FROM trust_budget.audit_entries AS e
        WHERE e.budget_id = witness_budget AND e.budget_seq = witness_seq AND e.hash = witness_hash)
    THEN
        RAISE EXCEPTION 'entries were lost';
    END IF;
    UPDATE trust_budget.ledger
    SET system_identifier = found.system_identifier, timeline = found.timeline,
        written_by = pg_current_xact_id();
    INSERT INTO trust_budget.ledger_history (event, epoch, system_identifier, timeline)
    VALUES (CASE WHEN known.system_identifier = found.system_identifier THEN 'promoted' ELSE 'upgraded' END,
            known.epoch, found.system_identifier, found.timeline);
END
$$;
COMMENT ON FUNCTION trust_budget.recognise_server(text, bigint, bytea) IS 'For the service: notes that the ledger has moved without loss, to a promoted standby or by pg_upgrade. The witness is an entry that a node has seen committed before.';

ALTER TABLE trust_budget.ledger DROP COLUMN database;
