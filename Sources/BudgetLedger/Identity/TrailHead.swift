import LibPQ
import TrustBudget

/// An entry that a node has seen committed: after a failover it tells whether entries were lost.
package struct TrailHead: Hashable, Sendable, CustomStringConvertible {
  package let ledger: LedgerIdentity
  package let budgetID: String
  package let sequence: Int64
  package let hash: Digest

  package var description: String { "entry \(sequence) of \(budgetID)" }
}

/// The newest entry, by the order in which the trail is followed.
struct ReadTrailHead: PostgresStatement {
  static let name: String? = "read_trail_head"
  static let sql = """
    SELECT l.id::text, l.epoch, e.budget_id, e.budget_seq, e.hash
    FROM (SELECT budget_id, budget_seq, hash FROM trust_budget.audit_entries
          ORDER BY epoch DESC, transaction_id DESC, entry_id DESC LIMIT 1) AS e
    CROSS JOIN trust_budget.ledger AS l
    """

  static func decode(_ row: inout PostgresRow) throws -> TrailHead {
    TrailHead(
      ledger: LedgerIdentity(id: try row.next(String.self), epoch: try row.next(Int64.self)),
      budgetID: try row.next(String.self), sequence: try row.next(Int64.self),
      hash: try row.next(Digest.self))
  }
}

extension PostgresSession {
  /// The newest entry, once the synchronous standby has it, too.
  ///
  /// - Throws: `PostgresError`; `UnconfirmedCommit` when the standby does not say so in time.
  func confirmedTrailHead() throws -> TrailHead? {
    _ = try execute(BeginTransaction())
    let head = try execute(ReadTrailHead()).first
    try commitTouchingLog()
    return head
  }
}

/// Which entries are not where they were seen, by their places in the list.
struct FindLostHeads: PostgresStatement {
  static let sql = """
    SELECT place - 1
    FROM unnest($1, $2, $3) WITH ORDINALITY AS seen (budget_id, budget_seq, hash, place)
    WHERE NOT EXISTS (SELECT FROM trust_budget.audit_entries AS e
                      WHERE e.budget_id = seen.budget_id AND e.budget_seq = seen.budget_seq
                        AND e.hash = seen.hash)
    ORDER BY place
    """
  static let parameterTypes: [PostgresType] = [.textArray, .int8Array, .byteaArray]

  let heads: [TrailHead]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(heads.map(\.budgetID))
    parameters.append(heads.map(\.sequence))
    parameters.append(heads.map(\.hash))
  }

  static func decode(_ row: inout PostgresRow) throws -> Int { Int(try row.next(Int64.self)) }
}
