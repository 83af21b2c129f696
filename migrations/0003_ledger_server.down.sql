DROP FUNCTION trust_budget.recognise_server(text, bigint, bytea);
DROP FUNCTION trust_budget.begin_epoch(text);
DROP FUNCTION trust_budget.server();
DROP TABLE trust_budget.ledger_history;
ALTER TABLE trust_budget.audit_entries DROP CONSTRAINT epoch_is_current;
ALTER TABLE trust_budget.ledger
    DROP COLUMN written_by,
    DROP COLUMN timeline,
    DROP COLUMN system_identifier;
COMMENT ON COLUMN trust_budget.ledger.epoch IS 'The life of the ledger: 1, and one more after each restore from a backup.';
