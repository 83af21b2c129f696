import LibPQ
import TrustBudget

/// Appends entries to the trail, in their order.
struct InsertEntries: PostgresStatement {
  typealias Row = Void

  static let name: String? = "insert_entries"
  static let sql = """
    INSERT INTO trust_budget.audit_entries
           (epoch, node, occurred_at, budget_id, budget_seq, kind, username, cost,
            balance_before, balance_after, request_id, part, rule, policy_digest, actor, detail,
            hash)
    SELECT $1, $2, $3, new.budget_id, new.budget_seq, new.kind, new.username, new.cost,
           new.balance_before, new.balance_after, new.request_id, new.part, new.rule,
           new.policy_digest, new.actor, new.detail, new.hash
    FROM unnest($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         AS new (budget_id, budget_seq, kind, username, cost, balance_before, balance_after,
                 request_id, part, rule, policy_digest, actor, detail, hash)
    """
  static let parameterTypes: [PostgresType] = [
    .int8, .text, .timestamptz, .textArray, .int8Array, .textArray, .textArray, .int8Array,
    .int8Array, .int8Array, .textArray, .int2Array, .textArray, .byteaArray, .textArray,
    .jsonArray, .byteaArray,
  ]

  let ledger: LedgerIdentity
  let node: String
  let occurredAt: Timestamp
  let entries: ArraySlice<Entry>

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
    parameters.append(entries.map(\.policyDigest?.bytes))
    parameters.append(entries.map(\.actor))
    parameters.append(entries.map(\.detail))
    parameters.append(entries.map(\.hash.bytes))
  }
}
