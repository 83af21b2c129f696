import LibPQ
import TrustBudget

/// Appends entries to the trail, in their order.
///
/// The arrays are taken apart in the SELECT list, in step, and not in FROM, where PostgreSQL would
/// first write each of them down in a table of its own.
struct InsertEntries: PostgresStatement {
  typealias Row = Void

  static let name: String? = "insert_entries"
  static let sql = """
    INSERT INTO trust_budget.audit_entries
           (epoch, node, occurred_at, budget_id, budget_seq, kind, username, cost,
            balance_before, balance_after, request_id, part, rule, policy_digest, actor, detail,
            hash)
    SELECT $1, $2, $3, unnest($4), unnest($5), unnest($6), unnest($7), unnest($8),
           unnest($9), unnest($10), unnest($11), unnest($12), unnest($13), unnest($14),
           unnest($15), unnest($16), unnest($17)
    """
  static let parameterTypes: [PostgresType] = [
    .int8, .text, .timestamptz, .textArray, .int8Array, .textArray, .textArray, .int8Array,
    .int8Array, .int8Array, .textArray, .int2Array, .textArray, .byteaArray, .textArray,
    .jsonArray, .byteaArray,
  ]

  let ledger: LedgerIdentity
  let node: String
  let occurredAt: Timestamp
  let entries: [Entry]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(ledger.epoch)
    parameters.append(node)
    parameters.append(PostgresTimestamp(occurredAt))
    parameters.append(entries.map(\.budgetID.value))
    parameters.append(entries.map(\.sequence))
    parameters.append(entries.map(\.kind.rawValue))
    parameters.append(entries.map(\.username))
    parameters.append(entries.map(\.cost))
    parameters.append(entries.map(\.balanceBefore))
    parameters.append(entries.map(\.balanceAfter))
    parameters.append(entries.map(\.requestID))
    parameters.append(entries.map(\.part))
    parameters.append(entries.map(\.rule))
    parameters.append(entries.map(\.policyDigest))
    parameters.append(entries.map(\.actor))
    parameters.append(entries.map(\.detail))
    parameters.append(entries.map(\.hash))
  }
}
