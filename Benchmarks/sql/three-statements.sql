-- The transaction that a client with a lock, a decision and an entry sends statement by statement.
\set number random(1, :budgets)
BEGIN;
SELECT balance FROM trust_budget.budgets WHERE budget_id = 'user:' || :number FOR UPDATE;
UPDATE trust_budget.budgets SET spent = spent + 1, last_seq = last_seq + 1
WHERE budget_id = 'user:' || :number;
INSERT INTO trust_budget.audit_entries
       (epoch, budget_id, budget_seq, kind, username, cost, balance_before, balance_after,
        request_id, part, rule, actor, node, detail, occurred_at, hash)
SELECT 1, budget_id, last_seq, 'charge', 'alice', 1, balance + 1, balance,
       gen_random_uuid()::text, 1, 'Developer', 'ca', 'pgbench', '{}', clock_timestamp(), last_hash
FROM trust_budget.budgets WHERE budget_id = 'user:' || :number;
COMMIT;
