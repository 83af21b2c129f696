import LibPQ
import TrustBudget

/// What a file lacks of PostgreSQL's trail.
package struct Behind: Hashable, Sendable {
  /// No more than so many are counted.
  private static let counted: Int64 = 1_000_000

  /// Committed entries that are not in the file.
  package let entries: Int64
  package var isMoreThanCounted: Bool { entries >= Behind.counted }
  /// The age of the oldest of them; zero when there are none.
  package let lag: Duration
  /// Who keeps the horizon back, where entries wait for it.
  package let holder: HorizonHolder?

  /// - Throws: `PostgresError`, `SchemaProblem`; `MirrorRefusal.foreignLedger`.
  package static func read(
    _ summary: FileSummary, connectionString: String
  ) async throws -> Behind {
    let reader = try await TrailReader.open(
      try TrailReader.configuration(
        connectionString: connectionString, applicationName: "trust-budget audit"))
    do {
      let window = try await reader.window()
      guard window.ledger.id == summary.ledger.id else {
        throw MirrorRefusal.foreignLedger(found: window.ledger.id, expected: summary.ledger.id)
      }
      let (entries, oldest) = try await reader.count(after: summary.position, limit: counted)
      let holder = window.isHeldBack ? try await reader.horizonHolder() : nil
      await reader.close()
      let age = oldest.map { window.moment.microseconds - $0.microseconds } ?? 0
      return Behind(entries: entries, lag: .microseconds(max(0, age)), holder: holder)
    } catch {
      await reader.close()
      throw error
    }
  }
}

extension TrailReader {
  /// How many entries there are after a position, committed by whomever, and when the first of them
  /// was written.
  fileprivate func count(
    after position: TrailPosition, limit: Int64
  ) async throws -> (Int64, Timestamp?) {
    let statement = CountEntriesAfter(position: position, limit: limit)
    let found = try await run { try $0.execute(statement).first }
    return (found?.count ?? 0, found?.oldest)
  }
}

struct CountEntriesAfter: PostgresStatement {
  struct Found: Sendable {
    let count: Int64
    let oldest: Timestamp?
  }

  static let name: String? = nil
  static let sql = """
    SELECT count(*), min(occurred_at)
    FROM (SELECT occurred_at FROM trust_budget.audit_entries
          WHERE (epoch, transaction_id, entry_id) > ($1, $2, $3)
          ORDER BY epoch, transaction_id, entry_id LIMIT $4) AS later
    """
  static let parameterTypes: [PostgresType] = [.int8, .xid8, .int8, .int8]

  let position: TrailPosition
  let limit: Int64

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(position.epoch)
    parameters.append(UInt64(position.transactionID))
    parameters.append(position.entryID)
    parameters.append(limit)
  }

  static func decode(_ row: inout PostgresRow) throws -> Found {
    Found(
      count: try row.next(Int64.self),
      oldest: try row.next(PostgresTimestamp?.self).map {
        Timestamp(microseconds: $0.microsecondsSinceUnixEpoch)
      })
  }
}
