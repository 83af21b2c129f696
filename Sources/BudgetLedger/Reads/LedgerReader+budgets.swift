import LibPQ
import TrustBudget

extension LedgerReader {
  /// A page of budgets, as charges would find them now.
  ///
  /// Of millions, those with little left may be few and far between. They are sought slice by slice, each a
  /// turn of its own: whoever waits for a connection is not kept for longer than one takes.
  ///
  /// - Parameter time: after this long the page ends where the search is.
  package func budgets(
    _ query: BudgetQuery, within time: Duration = .seconds(1)
  ) async throws -> BudgetPage {
    let deadline = ContinuousClock.now + time
    var rest = query
    var page = BudgetPage()
    while true {
      let slice = try await read { [rest] in try $0.readSlice(of: rest) }
      page.budgets += slice.budgets
      page.cursor = slice.cursor
      guard let cursor = page.cursor, page.budgets.count < query.limit, .now < deadline else {
        return page
      }
      rest.after = cursor
      rest.limit = query.limit - page.budgets.count
    }
  }
}

extension PostgresSession {
  /// Those budgets that are wanted among the next so many.
  fileprivate func readSlice(of query: BudgetQuery) throws -> BudgetPage {
    let names = try execute(FindSliceEnd(query: query))
    let end = names.count == 2 ? names[0] : nil
    let (now, found) = try pipeline(ReadClock(), ReadSlice(query: query, end: end))
    guard let now = now.first else { return BudgetPage() }
    let budgets = found.prefix(query.limit).map { $0.afterDueReset(at: now) }
    let isCutOff = found.count > query.limit
    return BudgetPage(budgets: budgets, cursor: isCutOff ? budgets.last?.id.value : end)
  }
}

/// Where a slice ends: its last name and the one behind it. One name or none where nothing is behind it.
private struct FindSliceEnd: PostgresStatement {
  /// What is looked through in some 10 ms, or well within the time that a statement has where every row
  /// must be fetched from a disk.
  private static let length = 10_000

  static let name: String? = "find_slice_end"
  static let sql = """
    SELECT budget_id
    FROM trust_budget.budgets
    WHERE budget_id > $1 AND budget_id >= $2 AND ($3::text IS NULL OR budget_id < $3)
    ORDER BY budget_id
    OFFSET $4 LIMIT 2
    """
  static let parameterTypes: [PostgresType] = [.text, .text, .text, .int8]

  let query: BudgetQuery

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(query.after)
    parameters.append(query.prefix)
    parameters.append(query.end)
    // Where every budget is wanted, a page needs no more of them.
    let length = query.status == nil ? min(query.limit, Self.length) : Self.length
    parameters.append(Int64(length - 1))
  }

  static func decode(_ row: inout PostgresRow) throws -> String {
    try row.next(String.self)
  }
}

/// The budgets of a slice that are wanted, and one more than are, which tells that there are more.
private struct ReadSlice: PostgresStatement {
  static let name: String? = "read_slice"
  static let sql = """
    SELECT \(Budget.columns)
    FROM trust_budget.budgets AS b
    CROSS JOIN LATERAL (
        SELECT CASE WHEN now() >= b.window_started_at + b.reset_interval
                    THEN b.initial_balance ELSE b.balance END AS balance
    ) AS now_left
    WHERE b.budget_id > $1 AND b.budget_id >= $2 AND ($3::text IS NULL OR b.budget_id < $3)
      AND ($4::text IS NULL OR b.budget_id <= $4)
      AND CASE $5::text WHEN 'available' THEN now_left.balance > 0
                        WHEN 'low' THEN now_left.balance * 5 < b.initial_balance
                        WHEN 'exhausted' THEN now_left.balance <= 0
                        ELSE true END
    ORDER BY b.budget_id
    LIMIT $6
    """
  static let parameterTypes: [PostgresType] = [.text, .text, .text, .text, .text, .int8]

  let query: BudgetQuery
  /// The last name of the slice; nil: all that follow.
  let end: String?

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(query.after)
    parameters.append(query.prefix)
    parameters.append(query.end)
    parameters.append(end)
    parameters.append(query.status?.rawValue)
    parameters.append(Int64(query.limit) + 1)
  }

  static func decode(_ row: inout PostgresRow) throws -> Budget {
    try Budget(decoding: &row)
  }
}
