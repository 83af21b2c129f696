@testable import TrustBudget

/// A ledger with dictionaries for a database: it gives every batch what PostgreSQL would give it,
/// and keeps what the batch writes. What a batch remembers itself is thrown away with it.
struct MemoryLedger {
  static let identity = LedgerIdentity(id: "0f8fad5b-d9cb-469f-a165-70867728950e", epoch: 1)

  var now: Timestamp
  private(set) var budgets: [BudgetID: Budget] = [:]
  private(set) var entries: [Entry] = []
  private(set) var entriesByRequest: [String: [Entry]] = [:]

  init(at now: Timestamp = .newYear) {
    self.now = now
  }

  /// Decides all `operations` in one batch, one transaction.
  mutating func decide(_ operations: [TrustBudget.Operation]) -> [Answer] {
    var rows: [BudgetID: Budget] = [:]
    var known: [Entry] = []
    for operation in operations {
      for id in operation.budgetIDs { rows[id] = budgets[id] }
    }
    for case .charge(let charge) in operations {
      for terms in charge.terms where rows[terms.budgetID] == nil {
        rows[terms.budgetID] = Budget(
          id: terms.budgetID, initialBalance: terms.initialBalance,
          resetInterval: terms.resetInterval, windowStartedAt: now)
      }
    }
    for id in Set(operations.map(\.requestID.value)) {
      known += entriesByRequest[id, default: []].filter { $0.kind != .denial }
    }
    var batch = Batch(
      ledger: MemoryLedger.identity, node: "node-1", now: now,
      budgets: rows.values.sorted { $0.id < $1.id }, known: KnownRequests(entries: known))
    let answers = operations.map { batch.decide($0) }
    for (_, budget) in batch.changes { budgets[budget.id] = budget }
    entries += batch.entries
    for entry in batch.entries {
      if let id = entry.requestID { entriesByRequest[id, default: []].append(entry) }
    }
    return answers
  }

  /// Decides one operation in a batch of its own.
  mutating func decide(_ operation: TrustBudget.Operation) -> Answer {
    decide([operation])[0]
  }

  func entries(of id: BudgetID) -> [Entry] {
    entries.filter { $0.budgetID == id }
  }

  func kinds(of id: BudgetID) -> [Entry.Kind] {
    entries(of: id).map(\.kind)
  }
}
