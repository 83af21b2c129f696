import LibPQ
import TrustBudget

/// How short some budgets run, as a charge would find them now.
///
/// What a budget had some time ago stands in its last entry from before. Its entries are numbered
/// without gaps and in the order of time, so that entry is found by halving: some twenty look-ups by
/// key, however many entries there are in between.
struct ReadStrain: PostgresStatement {
  static let sql = """
    WITH RECURSIVE budget AS (
        SELECT b.budget_id, b.initial_balance, b.window_seq, b.last_seq, b.window_started_at,
               b.spent, d.is_due, CASE WHEN d.is_due THEN b.initial_balance ELSE b.balance END AS balance
        FROM trust_budget.budgets AS b
        CROSS JOIN LATERAL (
            SELECT coalesce(now() >= b.window_started_at + b.reset_interval, false) AS is_due
        ) AS d
        WHERE b.budget_id = ANY ($1)
    ), search AS (
        -- The entry sought is the one numbered low, once high is the next.
        SELECT b.budget_id, b.window_seq AS low, b.last_seq + 1 AS high
        FROM budget AS b
        WHERE NOT b.is_due AND b.window_seq > 0 AND b.spent * 2 > b.initial_balance
      UNION ALL
        SELECT s.budget_id,
               CASE WHEN e.is_before THEN s.middle ELSE s.low END,
               CASE WHEN e.is_before THEN s.high ELSE s.middle END
        FROM (SELECT budget_id, low, high, (low + high) / 2 AS middle FROM search
              WHERE high - low > 1) AS s
        CROSS JOIN LATERAL (
            SELECT a.occurred_at < now() - make_interval(secs => $2) AS is_before
            FROM trust_budget.audit_entries AS a
            WHERE a.budget_id = s.budget_id AND a.budget_seq = s.middle
        ) AS e
    )
    SELECT b.budget_id, b.initial_balance, b.balance,
           coalesce(s.balance_then - b.balance, 0)
    FROM budget AS b
    LEFT JOIN (
        SELECT budget_id, (SELECT a.balance_after FROM trust_budget.audit_entries AS a
                           WHERE a.budget_id = search.budget_id AND a.budget_seq = search.low)
                          AS balance_then
        FROM search
        WHERE high - low = 1
    ) AS s USING (budget_id)
    """
  static let parameterTypes: [PostgresType] = [.textArray, .int8]

  let ids: [String]
  /// In seconds.
  let period: Int64

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(ids)
    parameters.append(period)
  }

  static func decode(_ row: inout PostgresRow) throws -> (
    id: BudgetID, states: Set<BudgetWatch.State>
  ) {
    let id = try BudgetID(try row.next(String.self))
    let allocation = try row.next(Int64.self)
    let balance = try row.next(Int64.self)
    // Points gone within the period, less those that were added or given back.
    let consumed = try row.next(Int64.self)
    var states: Set<BudgetWatch.State> = []
    if balance * 5 < allocation { states.insert(.low) }
    if balance <= 0 { states.insert(.exhausted) }
    // Not twice of it: nothing keeps an entry's figures in bounds.
    if consumed > allocation / 2 { states.insert(.fast) }
    return (id, states)
  }
}

/// The budgets of the newest entries, by the order in which the trail is followed.
struct ReadNewestBudgets: PostgresStatement {
  static let sql = """
    SELECT DISTINCT e.budget_id
    FROM (SELECT budget_id FROM trust_budget.audit_entries
          ORDER BY epoch DESC, transaction_id DESC, entry_id DESC LIMIT 1000) AS e
    """

  static func decode(_ row: inout PostgresRow) throws -> String { try row.next(String.self) }
}

extension LedgerReader {
  func strain(of ids: [String], within period: Duration) async throws -> [ReadStrain.Row] {
    let statement = ReadStrain(ids: ids, period: period.components.seconds)
    return try await read { try $0.execute(statement) }
  }

  /// Those among them whose names can be: entries may have been written by hand.
  func newestBudgets() async throws -> [BudgetID] {
    try await read { try $0.execute(ReadNewestBudgets()) }.compactMap { try? BudgetID($0) }
  }
}
