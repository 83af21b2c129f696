// The formats as they were published, whose files are still read and brought up to date.

extension AuditFileSchema {
  /// What makes the tables and views of a format: those of a file that was made in it, and of one that was
  /// brought up to date.
  static func scripts(of format: Int32) -> [String] {
    let tables = tables(entriesKey: ",\n    PRIMARY KEY (budget_id, budget_seq)")
    return switch format {
    case oldestVersion: [tables + budgetsOfStates]
    case oldestVersion..<receiptsVersion: [tables + breakGlass + budgetsOfStates]
    case receiptsVersion..<headsVersion: [tables + breakGlass + receipts + budgetsOfIndex]
    default: [script, tables + breakGlass + receipts + heads]
    }
  }

  /// Of the first and the second format, which wrote each budget's state with each entry.
  private static let budgetsOfStates = """
    CREATE VIEW budgets (budget_id, initial_balance, current_balance, balance,
                         reset_interval_hours, last_reset_at, created_at) AS
    SELECT budget_id, initial_balance, initial_balance + adjustment - spent,
           CASE WHEN resets_at <= strftime('%Y-%m-%d %H:%M:%f', 'now') THEN initial_balance
                ELSE initial_balance + adjustment - spent END,
           reset_interval_microseconds / 3600000000.0, window_started_at, created_at
    FROM budget_states;
    """

  /// Of the third format, which found a budget's newest entry by an index.
  private static let budgetsOfIndex = """
    CREATE VIEW budgets (budget_id, initial_balance, current_balance, balance,
                         reset_interval_hours, last_reset_at, created_at) AS
    SELECT budget_id, initial_balance, last_balance,
           CASE WHEN resets_at <= strftime('%Y-%m-%d %H:%M:%f', 'now') THEN initial_balance
                ELSE last_balance END,
           reset_interval_microseconds / 3600000000.0, window_started_at, created_at
    FROM (SELECT *, (SELECT balance_after FROM audit_entries AS e
                     WHERE e.budget_id = s.budget_id
                     ORDER BY e.budget_seq DESC LIMIT 1) AS last_balance
          FROM budget_states AS s);
    """
}
