-- On which server the ledger lives: transaction ids, by which the trail is followed, mean something
-- within one line of that server's history only. After a dump and restore they come from another
-- world; after a failover that lost entries they are given out a second time.
--
-- written_by is how a restored copy is told from the original: it names the transaction that wrote
-- the row, and so does PostgreSQL's own xmin, which every physical copy keeps (standby, base backup,
-- pg_upgrade) and no logical one does.

ALTER TABLE trust_budget.ledger
    ADD COLUMN system_identifier bigint,
    ADD COLUMN timeline          bigint,
    ADD COLUMN written_by        xid8;

UPDATE trust_budget.ledger
SET system_identifier = (SELECT s.system_identifier FROM pg_control_system() AS s),
    timeline = ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint,
    written_by = pg_current_xact_id();

ALTER TABLE trust_budget.ledger
    ALTER COLUMN system_identifier SET NOT NULL,
    ALTER COLUMN timeline          SET NOT NULL,
    ALTER COLUMN written_by        SET NOT NULL;

COMMENT ON COLUMN trust_budget.ledger.epoch             IS 'The life of the ledger: 1, and one more after each restore from a backup or failover that lost entries.';
COMMENT ON COLUMN trust_budget.ledger.system_identifier IS 'The PostgreSQL cluster that the ledger lives on, as pg_control_system() names it.';
COMMENT ON COLUMN trust_budget.ledger.timeline          IS 'The cluster''s timeline: one more after each promotion of a standby.';
COMMENT ON COLUMN trust_budget.ledger.written_by        IS 'The transaction that wrote this row. Where xmin says otherwise, the ledger was restored from a dump.';

-- The number follows the ledger's epoch (begin_epoch): a session that still believes in the last
-- one cannot write. A comparison with a constant costs a charge nothing, looking the epoch up would.
ALTER TABLE trust_budget.audit_entries
    ADD CONSTRAINT epoch_is_current CHECK (epoch >= 1) NOT VALID;

CREATE TABLE trust_budget.ledger_history (
    history_id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    happened_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    event             text        NOT NULL,
    epoch             bigint      NOT NULL,
    system_identifier bigint      NOT NULL,
    timeline          bigint      NOT NULL,
    reason            text,
    role_name         text        NOT NULL DEFAULT session_user,

    CONSTRAINT event_is_known CHECK (event IN ('new_epoch', 'upgraded', 'promoted')),
    CONSTRAINT new_epoch_has_a_reason CHECK (event <> 'new_epoch' OR length(reason) > 0)
);

COMMENT ON TABLE  trust_budget.ledger_history                   IS 'How the ledger came to where it is, append-only: new epochs, and servers that were recognised as the same ledger.';
COMMENT ON COLUMN trust_budget.ledger_history.history_id        IS 'Order of the events.';
COMMENT ON COLUMN trust_budget.ledger_history.happened_at       IS 'When.';
COMMENT ON COLUMN trust_budget.ledger_history.event             IS 'new_epoch: begun by the owner. upgraded: the same rows under pg_upgrade''s new cluster. promoted: a standby took over, and the last entries that a node had seen were there.';
COMMENT ON COLUMN trust_budget.ledger_history.epoch             IS 'The epoch from then on.';
COMMENT ON COLUMN trust_budget.ledger_history.system_identifier IS 'The cluster from then on.';
COMMENT ON COLUMN trust_budget.ledger_history.timeline          IS 'The cluster''s timeline from then on.';
COMMENT ON COLUMN trust_budget.ledger_history.reason            IS 'Why, in the words of who began the epoch.';
COMMENT ON COLUMN trust_budget.ledger_history.role_name         IS 'The role that was connected.';

CREATE TRIGGER ledger_history_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON trust_budget.ledger_history
    FOR EACH STATEMENT EXECUTE FUNCTION trust_budget.refuse_change();
ALTER TABLE trust_budget.ledger_history ENABLE ALWAYS TRIGGER ledger_history_is_append_only;

CREATE FUNCTION trust_budget.server()
    RETURNS TABLE (system_identifier bigint, timeline bigint, is_original boolean)
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (SELECT s.system_identifier FROM pg_control_system() AS s),
           ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint,
           l.xmin::text::numeric = l.written_by::text::numeric % 4294967296
    FROM trust_budget.ledger AS l
$$;
COMMENT ON FUNCTION trust_budget.server() IS 'The cluster and timeline that this is, and whether the ledger''s row is the original or came from a dump.';

CREATE FUNCTION trust_budget.begin_epoch(reason text) RETURNS bigint
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

CREATE FUNCTION trust_budget.recognise_server(witness_budget text, witness_seq bigint, witness_hash bytea)
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

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA trust_budget FROM PUBLIC;
