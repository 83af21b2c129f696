import LibPQ

/// The next entries after a position, as far as a window reaches.
struct ReadTrailPage: PostgresStatement {
  static let name: String? = "read_trail_page"
  // Both bounds are ranges of the index audit_entries_tail, however many rows lie beyond them.
  static let sql = """
    SELECT \(MirroredEntry.columns)
    FROM trust_budget.audit_entries
    WHERE (epoch, transaction_id, entry_id) > ($1, $2, $3)
      AND (epoch, transaction_id) < ($4, $5)
    ORDER BY epoch, transaction_id, entry_id
    LIMIT $6
    """
  static let parameterTypes: [PostgresType] = [.int8, .xid8, .int8, .int8, .xid8, .int8]

  let position: TrailPosition
  let epoch: Int64
  let horizon: Int64
  let limit: Int

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(position.epoch)
    parameters.append(UInt64(position.transactionID))
    parameters.append(position.entryID)
    parameters.append(epoch)
    parameters.append(UInt64(horizon))
    parameters.append(Int64(limit))
  }

  static func decode(_ row: inout PostgresRow) throws -> MirroredEntry {
    try MirroredEntry(decoding: &row)
  }
}

/// The hashes of entries that the file holds, as PostgreSQL has them: nil where it has none.
struct FindEntries: PostgresStatement {
  static let name: String? = nil
  static let sql = """
    SELECT e.hash
    FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS wanted (budget_id, budget_seq, number)
    LEFT JOIN trust_budget.audit_entries AS e USING (budget_id, budget_seq)
    ORDER BY wanted.number
    """
  static let parameterTypes: [PostgresType] = [.textArray, .int8Array]

  let budgetIDs: [String]
  let sequences: [Int64]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(budgetIDs)
    parameters.append(sequences)
  }

  static func decode(_ row: inout PostgresRow) throws -> [UInt8]? { try row.next([UInt8]?.self) }
}
