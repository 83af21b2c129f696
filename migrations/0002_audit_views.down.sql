DROP FUNCTION trust_budget.verify_all_budgets();
DROP FUNCTION trust_budget.verify_budget(text);
DROP FUNCTION trust_budget.entry_hash(trust_budget.audit_entries, bytea, uuid);
DROP VIEW trust_budget.audit_trail;
DROP VIEW trust_budget.unsettled_charges;
DROP VIEW trust_budget.usage_by_user_day;
DROP VIEW trust_budget.exhausted_budgets;
DROP VIEW trust_budget.budget_status;
