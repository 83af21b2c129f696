import LibPQ
import TrustBudget

/// A page of one budget's entries, the newest first.
package struct EntryQuery: PostgresStatement {
  package static let name: String? = "list_entries"
  package static let sql = """
    SELECT \(Entry.columns)
    FROM trust_budget.audit_entries
    WHERE budget_id = $1 AND budget_seq < $2
    ORDER BY budget_seq DESC
    LIMIT $3
    """
  package static let parameterTypes: [PostgresType] = [.text, .int8, .int8]

  let budgetID: BudgetID
  let before: Int64
  let limit: Int

  /// - Parameter before: the lowest number of the page before; nil for the newest entries.
  package init(budgetID: BudgetID, before: Int64? = nil, limit: Int) {
    self.budgetID = budgetID
    self.before = before ?? .max
    self.limit = limit
  }

  package func bind(_ parameters: inout PostgresParameters) {
    parameters.append(budgetID.value)
    parameters.append(before)
    parameters.append(Int64(limit))
  }

  package static func decode(_ row: inout PostgresRow) throws -> Entry {
    try Entry(decoding: &row, isEvidence: false)
  }
}
