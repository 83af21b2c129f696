import LibPQ
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// What the ledger's rules make of operations, without any PostgreSQL: a dictionary for a database.
struct DomainLedger: Sendable {
  let identity: LedgerIdentity
  private(set) var budgets: [BudgetID: Budget] = [:]
  private(set) var entries: [Entry] = []

  init(identity: LedgerIdentity) {
    self.identity = identity
  }

  /// Decides one operation in a batch of its own.
  mutating func decide(
    _ operation: TrustBudget.Operation, node: String, at now: Timestamp
  ) -> Answer {
    var rows: [Budget] = operation.budgetIDs.compactMap { budgets[$0] }
    if case .charge(let charge) = operation {
      rows += charge.terms.filter { budgets[$0.budgetID] == nil }.map {
        Budget(
          id: $0.budgetID, initialBalance: $0.initialBalance, resetInterval: $0.resetInterval,
          windowStartedAt: now)
      }
    }
    let known = entries.filter {
      $0.requestID == operation.requestID.value && $0.kind != .denial
    }
    var batch = Batch(
      ledger: identity, node: node, now: now, budgets: rows, known: KnownRequests(entries: known))
    let answer = batch.decide(operation)
    for (_, budget) in batch.changes { budgets[budget.id] = budget }
    entries += batch.entries
    return answer
  }
}

/// The entries that were written after a given one, in the order of their writing.
struct EntriesAfter: PostgresStatement {
  static let name: String? = "entries_after"
  static let sql = """
    SELECT \(Entry.columns) FROM trust_budget.audit_entries ORDER BY entry_id OFFSET $1
    """
  static let parameterTypes: [PostgresType] = [.int8]

  let count: Int

  func bind(_ parameters: inout PostgresParameters) { parameters.append(Int64(count)) }

  static func decode(_ row: inout PostgresRow) throws -> Entry { try Entry(decoding: &row) }
}
