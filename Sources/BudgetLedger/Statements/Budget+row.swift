import LibPQ
import TrustBudget

// A budget as a row of its table.

extension Budget {
  /// The columns that `init(decoding:)` reads, in its order.
  static let columns = "budget_id, \(columnsButID)"

  static let columnsButID = """
    initial_balance, adjustment, spent, reset_interval, window_started_at, window_seq, last_seq, \
    last_hash
    """

  init(decoding row: inout PostgresRow) throws {
    try self.init(named: try row.next(String.self), decoding: &row)
  }

  /// Reads `columnsButID`.
  ///
  /// - Throws: `TrailFault` where name or row hold what no program of ours wrote; what reading the row throws.
  init(named name: String, decoding row: inout PostgresRow) throws {
    do {
      self.init(
        id: try BudgetID(name),
        initialBalance: try Points(try row.next(Int64.self)),
        adjustment: try row.next(Int64.self),
        spent: try row.next(Int64.self),
        resetInterval: try row.next(PostgresInterval?.self).map(ResetInterval.init(_:)),
        windowStartedAt: try Timestamp(try row.next(PostgresTimestamp.self)),
        windowSequence: try Budget.sequence(try row.next(Int64.self)),
        lastSequence: try Budget.sequence(try row.next(Int64.self)),
        lastHash: try row.next(Digest.self))
    } catch let error as InvalidValue {
      throw TrailFault(.budget(name), problem: "the row makes no sense: a value \(error)")
    }
  }
}

extension Budget {
  /// - Throws: `InvalidValue` for a number that no chain comes to, and that could not be counted on.
  fileprivate static func sequence(_ number: Int64) throws(InvalidValue) -> Int64 {
    guard (0..<1 << 60).contains(number) else {
      throw InvalidValue("must be the number of an entry, and is \(number)")
    }
    return number
  }
}
