import LibPQ
import TrustBudget

/// Waits for a turn on busy budgets, before their rows are locked, and does nothing else.
///
/// Whoever waits for a row itself is woken by each transaction that writes it, only to find that it is
/// another's turn, and to wait for the row's next version. An advisory lock wakes one session, whose turn
/// it is, and then the row is free. It is a courtesy and no more: what is exact is so by the rows' own
/// locks, and whoever has queued in vain goes straight for them.
///
/// In sorted order, and all before any row is locked: so whoever waits here holds nothing that somebody
/// who is past this waits for.
struct QueueForBudgets: PostgresStatement {
  typealias Row = Void

  static let name: String? = "queue_for_budgets"
  // The seed, `trustbud` in ASCII, tells these keys from those of other programs in the database.
  static let sql = """
    SELECT pg_advisory_xact_lock(hashtextextended(budget_id, 8390898194478953828))
    FROM unnest($1) AS budget_id
    """
  static let parameterTypes: [PostgresType] = [.textArray]

  /// In sorted order.
  let ids: [String]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(ids)
  }
}
