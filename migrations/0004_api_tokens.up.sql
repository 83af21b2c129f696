-- Who may call a node: bearer tokens, of which their SHA-256 is kept and nothing else. The owner makes
-- and revokes them (trust-budget token); the service reads them, every second.
--
-- A name is given once, for ever: it stands in the trail as the actor of entries.

CREATE TABLE trust_budget.api_tokens (
    token_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text        COLLATE "C" NOT NULL UNIQUE,
    roles      text[]      NOT NULL,
    hash       bytea       NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by text        NOT NULL DEFAULT session_user,
    expires_at timestamptz,
    revoked_at timestamptz,

    CONSTRAINT name_is_bounded   CHECK (octet_length(name) BETWEEN 1 AND 256),
    CONSTRAINT name_is_no_person CHECK (name NOT LIKE 'cli:%'),
    CONSTRAINT roles_are_known   CHECK (roles <@ ARRAY['issuer', 'charger', 'auditor', 'admin'] AND cardinality(roles) > 0),
    CONSTRAINT hash_is_sha256    CHECK (octet_length(hash) = 32)
);

COMMENT ON TABLE  trust_budget.api_tokens            IS 'Who may call a node: one row a token, kept after its end.';
COMMENT ON COLUMN trust_budget.api_tokens.token_id   IS 'Order in which they were made.';
COMMENT ON COLUMN trust_budget.api_tokens.name       IS 'The caller''s name: the actor of the entries that it brings about. Never given twice.';
COMMENT ON COLUMN trust_budget.api_tokens.roles      IS 'What the caller may do: issuer, charger, auditor, admin.';
COMMENT ON COLUMN trust_budget.api_tokens.hash       IS 'SHA-256 of the token, which has 256 random bits; the token itself is nowhere.';
COMMENT ON COLUMN trust_budget.api_tokens.created_at IS 'When it was made.';
COMMENT ON COLUMN trust_budget.api_tokens.created_by IS 'The database role that made it.';
COMMENT ON COLUMN trust_budget.api_tokens.expires_at IS 'Until when it is good; NULL: until it is revoked.';
COMMENT ON COLUMN trust_budget.api_tokens.revoked_at IS 'When it was revoked; NULL: it was not.';
