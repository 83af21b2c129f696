-- compatible-with: 5
-- optional
--
-- The two views that reckon with times, spelt as functions: PostgreSQL 13 keeps EXTRACT and AT TIME ZONE under other
-- names than later versions do, so that no comparison of a ledger with what the migrations make would
-- hold there, nor after an upgrade from there. And its EXTRACT is no exact number, which window_started_at needs: for a
-- century, microseconds are whole numbers.

CREATE OR REPLACE VIEW trust_budget.budget_status AS
SELECT b.budget_id,
       b.initial_balance,
       CASE WHEN due.reset THEN b.initial_balance ELSE b.balance END AS balance,
       CASE WHEN due.reset THEN 0 ELSE b.spent END AS spent,
       CASE WHEN due.reset THEN 0 ELSE b.adjustment END AS adjustment,
       round(CASE WHEN due.reset OR b.initial_balance = 0 THEN 0
                  ELSE b.spent::numeric / b.initial_balance END, 4) AS share_used,
       b.reset_interval,
       grid.window_started_at,
       grid.window_started_at + b.reset_interval AS resets_at,
       b.last_seq AS entries,
       b.created_at
FROM trust_budget.budgets AS b
CROSS JOIN LATERAL (
    SELECT coalesce(now() >= b.window_started_at + b.reset_interval, false) AS reset
) AS due
CROSS JOIN LATERAL (
    -- Windows stay on their grid: whole intervals after the start of the recorded one, in microseconds.
    SELECT CASE WHEN due.reset
                THEN b.window_started_at + b.reset_interval
                     * (round(date_part('epoch', now() - b.window_started_at) * 1000000)::bigint
                        / round(date_part('epoch', b.reset_interval) * 1000000)::bigint)
                ELSE b.window_started_at END AS window_started_at
) AS grid;

CREATE OR REPLACE VIEW trust_budget.usage_by_user_day AS
SELECT timezone('UTC', occurred_at)::date AS day,
       username,
       budget_id,
       count(*) FILTER (WHERE kind = 'charge') AS charges,
       count(*) FILTER (WHERE kind = 'denial') AS denials,
       count(*) FILTER (WHERE kind = 'refund') AS refunds,
       coalesce(sum(cost) FILTER (WHERE kind = 'charge'), 0) AS points_charged,
       coalesce(sum(balance_after - balance_before) FILTER (WHERE kind = 'refund'), 0) AS points_refunded
FROM trust_budget.audit_entries
WHERE kind IN ('charge', 'denial', 'refund')
GROUP BY 1, 2, 3;
