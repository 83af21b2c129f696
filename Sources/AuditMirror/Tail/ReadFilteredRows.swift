import BudgetLedger
import LibPQ
import TrustBudget

/// Where the next rows after a position end, and how many they are; nothing, where there are none.
struct FindStretchEnd<TableRow: TrailRow>: PostgresStatement {
  static var name: String? { "find_stretch_end_of_\(TableRow.table)" }
  static var sql: String {
    """
    SELECT s.epoch, s.transaction_id, s.\(TableRow.numberColumn), s.number
    FROM (SELECT epoch, transaction_id, \(TableRow.numberColumn),
                 row_number() OVER (ORDER BY epoch, transaction_id, \(TableRow.numberColumn)) AS number
          FROM trust_budget.\(TableRow.table)
          WHERE (epoch, transaction_id, \(TableRow.numberColumn)) > ($1, $2, $3)
            AND (epoch, transaction_id) < ($4, $5)
          ORDER BY epoch, transaction_id, \(TableRow.numberColumn)
          LIMIT $6) AS s
    ORDER BY s.number DESC
    LIMIT 1
    """
  }
  static var parameterTypes: [PostgresType] { ReadTrailPage<TableRow>.parameterTypes }

  let page: ReadTrailPage<TableRow>

  func bind(_ parameters: inout PostgresParameters) { page.bind(&parameters) }

  static func decode(_ row: inout PostgresRow) throws -> (end: TrailPosition, rows: Int) {
    let (epoch, transaction) = (try row.next(Int64.self), try row.next(UInt64.self))
    let number = try row.next(Int64.self)
    let end = TrailPosition(
      epoch: epoch, transactionID: Int64(clamping: transaction), number: number)
    return (end, Int(try row.next(Int64.self)))
  }
}

/// The rows between two positions that a filter asks for: the others stay with the server.
struct ReadFilteredRows<TableRow: TrailRow>: PostgresStatement {
  static var name: String? { "read_filtered_rows_of_\(TableRow.table)" }
  static var sql: String {
    """
    SELECT \(TableRow.columns)
    FROM trust_budget.\(TableRow.table)
    WHERE (epoch, transaction_id, \(TableRow.numberColumn)) > ($1, $2, $3)
      AND (epoch, transaction_id, \(TableRow.numberColumn)) <= ($4, $5, $6)
      AND ($7 IS NULL OR \(TableRow.chainColumn.name)::text = $7)
      AND ($8 IS NULL OR username = $8)
      AND ($9 IS NULL OR occurred_at >= $9)
      AND ($10 IS NULL OR occurred_at < $10)
    ORDER BY epoch, transaction_id, \(TableRow.numberColumn)
    """
  }
  static var parameterTypes: [PostgresType] {
    [.int8, .xid8, .int8, .int8, .xid8, .int8, .text, .text, .timestamptz, .timestamptz]
  }

  let start: TrailPosition
  let end: TrailPosition
  let filter: ExportFilter

  func bind(_ parameters: inout PostgresParameters) {
    for position in [start, end] {
      parameters.append(position.epoch)
      parameters.append(UInt64(position.transactionID))
      parameters.append(position.number)
    }
    parameters.append(filter.budgetID)
    parameters.append(filter.username)
    parameters.append(filter.since.map { PostgresTimestamp($0) })
    parameters.append(filter.until.map { PostgresTimestamp($0) })
  }

  static func decode(_ row: inout PostgresRow) throws -> TableRow {
    try TableRow(decoding: &row)
  }
}
