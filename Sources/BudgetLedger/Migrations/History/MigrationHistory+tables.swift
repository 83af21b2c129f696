extension MigrationHistory {
  static let schemaCreation = """
    CREATE SCHEMA trust_budget;
    COMMENT ON SCHEMA trust_budget IS 'Trust Budget: limits how much authority a certificate authority hands out over time.';

    """

  static let tableCreation = """
    CREATE TABLE trust_budget.schema_migrations (
        version         bigint      PRIMARY KEY,
        name            text        NOT NULL,
        checksum        bytea       NOT NULL,
        started_at      timestamptz NOT NULL,
        applied_at      timestamptz,
        program_version text        NOT NULL,
        compatible_with bigint,

        CONSTRAINT version_is_positive    CHECK (version > 0),
        CONSTRAINT checksum_is_sha256     CHECK (octet_length(checksum) = 32),
        CONSTRAINT compatible_with_itself CHECK (compatible_with BETWEEN 1 AND version)
    );
    COMMENT ON TABLE  trust_budget.schema_migrations                 IS 'The migrations that made this schema, one row each.';
    COMMENT ON COLUMN trust_budget.schema_migrations.version         IS 'The number that the file begins with.';
    COMMENT ON COLUMN trust_budget.schema_migrations.name            IS 'The rest of the file''s name.';
    COMMENT ON COLUMN trust_budget.schema_migrations.checksum        IS 'SHA-256 of the .up.sql text with LF line endings.';
    COMMENT ON COLUMN trust_budget.schema_migrations.started_at      IS 'When it was begun.';
    COMMENT ON COLUMN trust_budget.schema_migrations.applied_at      IS 'When it was done; NULL: it runs outside a transaction, and was begun.';
    COMMENT ON COLUMN trust_budget.schema_migrations.program_version IS 'The trust-budget that applied it.';
    COMMENT ON COLUMN trust_budget.schema_migrations.compatible_with IS 'Programs that know the migrations up to this one can work with the schema; NULL: only those that know the migration itself.';

    CREATE TABLE trust_budget.schema_events (
        event_id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        happened_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
        action          text        NOT NULL,
        version         bigint      NOT NULL,
        name            text        NOT NULL,
        old_checksum    bytea,
        new_checksum    bytea,
        reason          text,
        role_name       text        NOT NULL DEFAULT session_user,
        program_version text        NOT NULL,

        CONSTRAINT action_is_known CHECK (action IN ('applied', 'reverted', 'repaired', 'baselined'))
    );
    COMMENT ON TABLE  trust_budget.schema_events                 IS 'What was done to the schema, in order: schema_migrations says what holds now, this how it came about.';
    COMMENT ON COLUMN trust_budget.schema_events.event_id        IS 'Order of the events.';
    COMMENT ON COLUMN trust_budget.schema_events.happened_at     IS 'When.';
    COMMENT ON COLUMN trust_budget.schema_events.action          IS 'applied. reverted: taken back by its .down.sql. repaired: its file changed, and the new checksum was accepted. baselined: recorded without running it.';
    COMMENT ON COLUMN trust_budget.schema_events.version         IS 'The migration.';
    COMMENT ON COLUMN trust_budget.schema_events.name            IS 'The migration''s name.';
    COMMENT ON COLUMN trust_budget.schema_events.old_checksum    IS 'The checksum in the history before.';
    COMMENT ON COLUMN trust_budget.schema_events.new_checksum    IS 'The checksum in the history after.';
    COMMENT ON COLUMN trust_budget.schema_events.reason          IS 'Why, in the words of who did it.';
    COMMENT ON COLUMN trust_budget.schema_events.role_name       IS 'The role that was connected.';
    COMMENT ON COLUMN trust_budget.schema_events.program_version IS 'The trust-budget that did it.';

    """
}
