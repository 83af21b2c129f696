import BudgetLedger
import LibPQ
import TrustBudget

/// What a filter asks for of a page, with each row's number on it; and the last row of a whole page in any case,
/// so that whoever goes on knows where.
struct ReadFilteredPage<TableRow: TrailRow>: PostgresStatement {
  static var name: String? { "read_filtered_page_of_\(TableRow.table)" }
  static var sql: String {
    let order = "transaction_id, \(TableRow.numberColumn)"
    return """
      SELECT page_row, \(TableRow.columns)
      FROM (SELECT *, row_number() OVER (ORDER BY \(order)) AS page_row
            FROM trust_budget.\(TableRow.table)
            WHERE \(TrailStretch.condition(on: TableRow.self))
            ORDER BY \(order)
            LIMIT $5) AS page
      WHERE page_row = $5
         OR ($6 IS NULL OR \(TableRow.chainColumn.name)::text = $6)
        AND ($7 IS NULL OR username = $7)
        AND ($8 IS NULL OR occurred_at >= $8)
        AND ($9 IS NULL OR occurred_at < $9)
      ORDER BY \(order)
      """
  }
  static var parameterTypes: [PostgresType] {
    ReadTrailPage<TableRow>.parameterTypes + [.text, .text, .timestamptz, .timestamptz]
  }

  let page: ReadTrailPage<TableRow>
  let filter: ExportFilter

  func bind(_ parameters: inout PostgresParameters) {
    page.bind(&parameters)
    parameters.append(filter.budgetID)
    parameters.append(filter.username)
    parameters.append(filter.since.map { PostgresTimestamp($0) })
    parameters.append(filter.until.map { PostgresTimestamp($0) })
  }

  static func decode(_ row: inout PostgresRow) throws -> (number: Int64, row: TableRow) {
    (try row.next(Int64.self), try TableRow(decoding: &row))
  }
}

struct FilteredPage<TableRow: TrailRow>: Sendable {
  /// What was asked for, and perhaps one row more.
  let found: [TableRow]
  /// How many rows were looked at, as far as those that were found tell.
  let read: Int
  /// Where to go on; nil after the last.
  let next: TrailPosition?
}
