/// What each role may do, as statements with `%1$I` in the role's place: what
/// `trust-budget migrate up --service-role NAME --auditor-role NAME` runs, and what `docs/dba.md`
/// shows to those who run it by hand.
package enum LedgerGrants {
  /// Takes everything away first: a grant that is no longer needed does not stay.
  private static let nothing = [
    "REVOKE ALL ON ALL TABLES IN SCHEMA trust_budget FROM %1$I",
    "REVOKE ALL ON ALL SEQUENCES IN SCHEMA trust_budget FROM %1$I",
    "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA trust_budget FROM %1$I",
    "REVOKE ALL ON SCHEMA trust_budget FROM %1$I",
    "GRANT USAGE ON SCHEMA trust_budget TO %1$I",
  ]

  /// The service appends entries and moves balances. Neither number nor transaction of an entry is
  /// its to choose: those who follow the trail rely on them.
  package static let service =
    nothing + [
      """
      GRANT SELECT ON trust_budget.audit_entries, trust_budget.budgets, trust_budget.ledger, \
      trust_budget.schema_migrations, trust_budget.budget_status, trust_budget.exhausted_budgets, \
      trust_budget.usage_by_user_day, trust_budget.unsettled_charges, trust_budget.audit_trail, \
      trust_budget.api_tokens TO %1$I
      """,
      """
      GRANT INSERT (epoch, budget_id, budget_seq, kind, username, cost, balance_before, \
      balance_after, request_id, part, rule, policy_digest, actor, node, detail, occurred_at, hash) \
      ON trust_budget.audit_entries TO %1$I
      """,
      "GRANT INSERT (budget_id, initial_balance, reset_interval) ON trust_budget.budgets TO %1$I",
      """
      GRANT UPDATE (initial_balance, adjustment, spent, reset_interval, window_started_at, \
      window_seq, last_seq, last_hash) ON trust_budget.budgets TO %1$I
      """,
      "GRANT EXECUTE ON FUNCTION trust_budget.server() TO %1$I",
      "GRANT EXECUTE ON FUNCTION trust_budget.recognise_server(text, bigint, bytea) TO %1$I",
    ]

  /// The auditor reads everything, and has PostgreSQL verify the chains.
  package static let auditor =
    nothing + [
      "GRANT SELECT ON ALL TABLES IN SCHEMA trust_budget TO %1$I",
      "GRANT EXECUTE ON FUNCTION trust_budget.server() TO %1$I",
      "GRANT EXECUTE ON FUNCTION trust_budget.entry_hash(trust_budget.audit_entries, bytea, uuid) TO %1$I",
      "GRANT EXECUTE ON FUNCTION trust_budget.verify_budget(text) TO %1$I",
      "GRANT EXECUTE ON FUNCTION trust_budget.verify_all_budgets() TO %1$I",
    ]
}
