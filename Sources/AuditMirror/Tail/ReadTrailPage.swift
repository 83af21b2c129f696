import LibPQ
import TrustBudget

/// The next rows of a stretch of the trail.
struct ReadTrailPage<TableRow: TrailRow>: PostgresStatement {
  static var name: String? { "read_page_of_\(TableRow.table)" }
  static var sql: String {
    """
    SELECT \(TableRow.columns)
    FROM trust_budget.\(TableRow.table)
    WHERE \(TrailStretch.condition(on: TableRow.self))
    ORDER BY transaction_id, \(TableRow.numberColumn)
    LIMIT $5
    """
  }
  static var parameterTypes: [PostgresType] { TrailStretch.parameterTypes + [.int8] }

  let stretch: TrailStretch
  let limit: Int

  func bind(_ parameters: inout PostgresParameters) {
    stretch.bind(&parameters)
    parameters.append(Int64(limit))
  }

  static func decode(_ row: inout PostgresRow) throws -> TableRow {
    try TableRow(decoding: &row)
  }
}

/// The hashes and positions of rows that the file holds, as PostgreSQL has them: nil where it has none.
struct FindTrailRows<TableRow: TrailRow>: PostgresStatement {
  static var sql: String {
    """
    SELECT e.hash, e.epoch, e.transaction_id, e.\(TableRow.numberColumn)
    FROM unnest($1::text[]::\(TableRow.chainColumn.type)[], $2::bigint[]) WITH ORDINALITY
           AS wanted (\(TableRow.chainColumn.name), \(TableRow.sequenceColumn), number)
    LEFT JOIN trust_budget.\(TableRow.table) AS e
           USING (\(TableRow.chainColumn.name), \(TableRow.sequenceColumn))
    ORDER BY wanted.number
    """
  }
  static var parameterTypes: [PostgresType] { [.textArray, .int8Array] }

  let chains: [String]
  let sequences: [Int64]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(chains)
    parameters.append(sequences)
  }

  static func decode(_ row: inout PostgresRow) throws -> FoundRow? {
    let (hash, epoch) = (try row.next(Digest?.self), try row.next(Int64?.self))
    let (transaction, number) = (try row.next(UInt64?.self), try row.next(Int64?.self))
    guard let hash, let epoch, let transaction, let number else { return nil }
    return FoundRow(
      hash: hash,
      position: TrailPosition(
        epoch: epoch, transactionID: Int64(clamping: transaction), number: number))
  }
}

/// What a row says, by its hash, and where it stands.
struct FoundRow: Sendable {
  let hash: Digest
  let position: TrailPosition
}
