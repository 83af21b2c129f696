import TrustBudget

/// What each role may do, as statements with `%1$I` in the role's place: what
/// `trust-budget migrate up --service-role NAME --auditor-role NAME` runs, and what `docs/dba.md`
/// shows to those who run it by hand.
enum LedgerGrants {
  /// The tables that a node reads, beside those that say what the ledger is.
  static let read = ["audit_entries", "budgets", "break_glass_events", "api_tokens"]

  /// The columns that a node writes, by what it does with them.
  static let written: [(right: String, columns: String, table: String)] = [
    ("INSERT", Entry.columns, "audit_entries"),
    ("INSERT", "budget_id, initial_balance, reset_interval", "budgets"),
    ("UPDATE", Budget.columnsButID, "budgets"),
    ("INSERT", InsertBreakGlassEvent.columns, "break_glass_events"),
  ]

  /// Takes everything away first: a grant that is no longer needed does not stay. From everybody, too, what
  /// PostgreSQL gives of itself: of functions that were restored without privileges.
  private static let nothing = [
    "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA trust_budget FROM PUBLIC",
    "REVOKE ALL ON ALL TABLES IN SCHEMA trust_budget FROM %1$I",
    "REVOKE ALL ON ALL SEQUENCES IN SCHEMA trust_budget FROM %1$I",
    "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA trust_budget FROM %1$I",
    "REVOKE ALL ON SCHEMA trust_budget FROM %1$I",
    "GRANT USAGE ON SCHEMA trust_budget TO %1$I",
  ]

  /// The service appends entries and moves balances. Neither number nor transaction of an entry is
  /// its to choose: those who follow the trail rely on them.
  static let service =
    nothing + [
      """
      GRANT SELECT ON trust_budget.audit_entries, trust_budget.budgets, trust_budget.ledger, \
      trust_budget.schema_migrations, trust_budget.budget_status, trust_budget.exhausted_budgets, \
      trust_budget.usage_by_user_day, trust_budget.unsettled_charges, trust_budget.audit_trail, \
      trust_budget.break_glass_events, trust_budget.api_tokens TO %1$I
      """
    ]
    + written.map { "GRANT \($0.right) (\($0.columns)) ON trust_budget.\($0.table) TO %1$I" }
    + [
      "GRANT EXECUTE ON FUNCTION trust_budget.server() TO %1$I",
      "GRANT EXECUTE ON FUNCTION trust_budget.recognise_server(text, bigint, bytea) TO %1$I",
    ]

  /// The auditor reads everything, and has PostgreSQL verify the chains.
  static let auditor =
    nothing + [
      "GRANT SELECT ON ALL TABLES IN SCHEMA trust_budget TO %1$I",
      "GRANT EXECUTE ON FUNCTION trust_budget.server() TO %1$I",
      "GRANT EXECUTE ON FUNCTION trust_budget.entry_hash(trust_budget.audit_entries, bytea, uuid) TO %1$I",
      "GRANT EXECUTE ON FUNCTION trust_budget.verify_budget(text) TO %1$I",
      "GRANT EXECUTE ON FUNCTION trust_budget.verify_all_budgets() TO %1$I",
      """
      GRANT EXECUTE ON FUNCTION trust_budget.break_glass_hash(trust_budget.break_glass_events, bytea) \
      TO %1$I
      """,
      "GRANT EXECUTE ON FUNCTION trust_budget.verify_break_glass(uuid) TO %1$I",
      "GRANT EXECUTE ON FUNCTION trust_budget.verify_all_break_glass() TO %1$I",
    ]
}
