-- The trail as verify_chain.py reads it, a JSON object a line: the ledger's id; each budget's entries in order, then
-- its row, which holds the chain's head; and each journal's break-glass events in order. A moment outside the years
-- 1 to 9999, which no row of ours has, is null.
--
--     psql -Xf trail.sql "$DATABASE_URL" | python3 verify_chain.py /dev/stdin
\set QUIET on
\set ON_ERROR_STOP on
\set FETCH_COUNT 10000
\encoding UTF8
\pset format unaligned
\pset tuples_only on
-- What others have made in schemas of theirs is not run.
SET search_path = pg_catalog, pg_temp;
SELECT json_build_object('ledger_id', id) FROM trust_budget.ledger;

SELECT line FROM (
    SELECT budget_id AS chain, budget_seq AS seq, json_build_object(
        'epoch', epoch, 'budget_id', budget_id, 'budget_seq', budget_seq, 'kind', kind,
        'username', username, 'cost', cost, 'balance_before', balance_before,
        'balance_after', balance_after, 'request_id', request_id, 'part', part, 'rule', rule,
        'policy_digest', encode(policy_digest, 'hex'), 'actor', actor, 'node', node,
        'detail', detail::text, 'hash', encode(hash, 'hex'),
        'occurred_at', CASE
            WHEN occurred_at BETWEEN '0001-01-01 00:00:00Z' AND '9999-12-31 23:59:59.999999Z'
            THEN to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') END) AS line
    FROM trust_budget.audit_entries
    UNION ALL
    SELECT budget_id, NULL, json_build_object(
        'budget_id', budget_id, 'last_seq', last_seq, 'last_hash', encode(last_hash, 'hex'))
    FROM trust_budget.budgets
    UNION ALL
    SELECT journal_id::text, node_seq, json_build_object(
        'journal_id', journal_id, 'node_seq', node_seq, 'node', node, 'username', username,
        'reason', reason, 'ticket', ticket, 'approvers', approvers, 'principals', principals,
        'max_duration', max_duration, 'max_duration_seconds', max_duration_seconds,
        'requested_duration_seconds', requested_duration_seconds, 'request_id', request_id,
        'request', request, 'policy_digest', encode(policy_digest, 'hex'), 'actor', actor,
        'hash', encode(hash, 'hex'),
        'occurred_at', CASE
            WHEN occurred_at BETWEEN '0001-01-01 00:00:00Z' AND '9999-12-31 23:59:59.999999Z'
            THEN to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') END)
    FROM trust_budget.break_glass_events) AS trail ORDER BY chain, seq NULLS LAST;
