-- The plain charge: one statement that takes the points if they are there, and writes the entry.
-- What a careful application would do without us; the yardstick for pgbench -M prepared.
\set number random(1, :budgets)
WITH charged AS (
    UPDATE trust_budget.budgets
    SET spent = spent + 1, last_seq = last_seq + 1
    WHERE budget_id = 'user:' || :number AND balance >= 1
    RETURNING budget_id, last_seq, balance, last_hash, window_started_at + reset_interval AS resets_at
)
INSERT INTO trust_budget.audit_entries
       (epoch, budget_id, budget_seq, kind, username, cost, balance_before, balance_after,
        request_id, part, rule, policy_digest, actor, node, detail, occurred_at, hash)
SELECT 1, budget_id, last_seq, 'charge', 'alice', 1, balance + 1, balance,
       gen_random_uuid()::text, 1, 'Developer', last_hash, 'ca', 'pgbench',
       json_build_object('request', '00000000000000000000000000000000', 'resets_at', resets_at),
       clock_timestamp(), last_hash
FROM charged;
