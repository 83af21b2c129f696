import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

extension PostgresConnection {
  /// Appends a denial to a budget's chain as a node would, in the transaction that is open.
  func appendDenial(to budgetID: String) async throws {
    let row = try await query(
      """
      SELECT l.id, l.epoch, b.last_seq, encode(b.last_hash, 'hex'), b.balance
      FROM trust_budget.budgets AS b CROSS JOIN trust_budget.ledger AS l
      WHERE budget_id = '\(budgetID)' FOR UPDATE OF b
      """)[0].map { $0 ?? "" }
    let moment = Timestamp(microseconds: 1_767_225_600_123_456)
    let previous = try #require(Digest(hexadecimal: row[3]))
    let balance = Int64(row[4]) ?? 0
    let unhashed = Entry(
      epoch: Int64(row[1]) ?? 0, budgetID: try BudgetID(budgetID),
      sequence: (Int64(row[2]) ?? 0) + 1, kind: .denial, username: "alice", cost: 1_000,
      balanceBefore: balance, balanceAfter: balance, requestID: "denied", part: 1, rule: nil,
      policyDigest: nil, actor: nil, node: "by hand", detail: "{}", occurredAt: moment,
      hash: .zero)
    var hasher = EntryHash(ledgerID: row[0])
    let hash = hasher.hash(of: unhashed, after: previous).hexadecimal
    try await execute(
      """
      INSERT INTO trust_budget.audit_entries
             (epoch, budget_id, budget_seq, kind, username, cost, balance_before, balance_after,
              request_id, node, detail, occurred_at, hash)
      VALUES (\(unhashed.epoch), '\(budgetID)', \(unhashed.sequence), 'denial', 'alice', 1000,
              \(balance), \(balance), 'denied', 'by hand', '{}', '\(moment.sortableText)Z',
              decode('\(hash)', 'hex'));
      UPDATE trust_budget.budgets
      SET last_seq = \(unhashed.sequence), last_hash = decode('\(hash)', 'hex')
      WHERE budget_id = '\(budgetID)';
      """)
  }
}

extension Digest {
  /// - Returns: nil unless it is 64 hexadecimal digits.
  init?(hexadecimal text: String) {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == 64 else { return nil }
    self.init(bytes: stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) })
  }
}
