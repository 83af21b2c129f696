-- compatible-with: 5
-- optional
--
-- In which database the ledger lives. CREATE DATABASE … TEMPLATE copies a ledger to the letter, the row's xmin and its
-- cluster too: charged beside the original, or in its place, the copy would give out once more what was given out since.
--
-- NULL until a node has looked: what was only migrated may be copied as often as anybody likes.

ALTER TABLE trust_budget.ledger ADD COLUMN database oid;
COMMENT ON COLUMN trust_budget.ledger.database IS 'The database that the ledger lives in, by its pg_database.oid. NULL: no node has looked yet.';

CREATE OR REPLACE FUNCTION trust_budget.server()
    RETURNS TABLE (system_identifier bigint, timeline bigint, is_original boolean)
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.system_identifier,
           ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint,
           l.xmin::text::numeric = l.written_by::text::numeric % 4294967296
           -- pg_upgrade may number databases anew.
           AND (l.database IS NULL OR l.database = d.oid OR l.system_identifier <> s.system_identifier)
    FROM trust_budget.ledger AS l, pg_control_system() AS s, pg_database AS d
    WHERE d.datname = current_database()
$$;
COMMENT ON FUNCTION trust_budget.server() IS 'The cluster and timeline that this is, and whether the ledger''s row is the original: not from a dump, and not in a copy of the database.';

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
        database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()),
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
    here oid := (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database());
BEGIN
    SELECT * INTO STRICT known FROM trust_budget.ledger FOR UPDATE;
    SELECT * INTO STRICT found FROM trust_budget.server();
    IF NOT found.is_original THEN
        RAISE EXCEPTION 'the ledger was restored from a dump, or its database copied';
    END IF;
    IF (known.system_identifier, known.timeline) = (found.system_identifier, found.timeline) THEN
        -- Otherwise another node was quicker.
        IF known.database IS NULL THEN
            -- This waits for no standby: where it is lost, whoever looks next says it again.
            SET LOCAL synchronous_commit = local;
            UPDATE trust_budget.ledger SET database = here, written_by = pg_current_xact_id();
        END IF;
        RETURN;
    END IF;
    IF known.system_identifier = found.system_identifier AND NOT EXISTS (
        SELECT FROM trust_budget.audit_entries AS e
        WHERE e.budget_id = witness_budget AND e.budget_seq = witness_seq AND e.hash = witness_hash)
    THEN
        RAISE EXCEPTION 'entries were lost';
    END IF;
    UPDATE trust_budget.ledger
    SET system_identifier = found.system_identifier, timeline = found.timeline, database = here,
        written_by = pg_current_xact_id();
    INSERT INTO trust_budget.ledger_history (event, epoch, system_identifier, timeline)
    VALUES (CASE WHEN known.system_identifier = found.system_identifier THEN 'promoted' ELSE 'upgraded' END,
            known.epoch, found.system_identifier, found.timeline);
END
$$;
COMMENT ON FUNCTION trust_budget.recognise_server(text, bigint, bytea) IS 'For the service: notes which database the ledger lives in, and that it has moved without loss, to a promoted standby or by pg_upgrade. The witness is an entry that a node has seen committed before.';

-- One that has been charged is not copied for the sake of its schema.
UPDATE trust_budget.ledger
SET database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()),
    written_by = pg_current_xact_id()
WHERE (SELECT s.is_original FROM trust_budget.server() AS s)
  AND EXISTS (SELECT FROM trust_budget.audit_entries);
