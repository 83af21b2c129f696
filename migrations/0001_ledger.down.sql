DROP TABLE trust_budget.audit_entries;
DROP TABLE trust_budget.budgets;
DROP TABLE trust_budget.ledger;
DROP FUNCTION trust_budget.refuse_change();
