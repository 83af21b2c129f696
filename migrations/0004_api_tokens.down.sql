DROP TABLE trust_budget.api_tokens;
