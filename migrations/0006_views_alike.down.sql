CREATE OR REPLACE VIEW trust_budget.usage_by_user_day AS
SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day,
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
    -- Windows stay on their grid: whole intervals after the start of the recorded one.
    SELECT CASE WHEN due.reset
                THEN b.window_started_at + b.reset_interval
                     * floor(extract(epoch FROM now() - b.window_started_at)
                             / extract(epoch FROM b.reset_interval))
                ELSE b.window_started_at END AS window_started_at
) AS grid;
