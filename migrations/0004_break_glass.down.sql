DROP FUNCTION trust_budget.verify_all_break_glass();
DROP FUNCTION trust_budget.verify_break_glass(uuid);
DROP FUNCTION trust_budget.break_glass_hash(trust_budget.break_glass_events, bytea);
DROP TABLE trust_budget.break_glass_events;
