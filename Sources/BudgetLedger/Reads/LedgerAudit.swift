import LibPQ
import TrustBudget

/// Verifies a whole ledger: replays every budget's entries and compares the end with its row, and
/// follows every journal's chain of break-glass events.
package enum LedgerAudit {
  /// - Returns: what is wrong, the first fault of each budget and of each journal; empty when the
  ///   ledger is sound.
  package static func faults(on session: PostgresSession) throws -> [String] {
    guard let ledger = try session.execute(ReadLedger()).first else {
      return ["the ledger has no identity"]
    }
    var check = EntryCheck(ledgerID: ledger.id)
    var replayed: [BudgetID: Budget] = [:]
    var faults: [BudgetID: String] = [:]
    try session.stream(ReadTrail()) { entry in
      guard faults[entry.budgetID] == nil else { return }
      do throws(Replay.Fault) {
        replayed[entry.budgetID] = try check.budget(replayed[entry.budgetID], after: entry)
      } catch {
        faults[entry.budgetID] = "\(error)"
      }
    }
    var rows: Set<BudgetID> = []
    try session.stream(ReadAllBudgets()) { budget in
      rows.insert(budget.id)
      if faults[budget.id] == nil, replayed[budget.id] != budget {
        faults[budget.id] = "\(budget.id): the row is not what its entries make of it"
      }
    }
    for id in replayed.keys where !rows.contains(id) {
      faults[id] = "\(id): there are entries and no budget"
    }
    return faults.sorted { $0.key < $1.key }.map(\.value) + (try breakGlassFaults(on: session))
  }

  private static func breakGlassFaults(on session: PostgresSession) throws -> [String] {
    var chains: [String: BreakGlassChain] = [:]
    var faults: [String: String] = [:]
    try session.stream(ReadBreakGlassTrail()) { event in
      guard faults[event.journalID] == nil else { return }
      var chain = chains[event.journalID] ?? BreakGlassChain(journalID: event.journalID)
      do throws(BreakGlassChain.Fault) {
        try chain.verify(event)
      } catch {
        faults[event.journalID] = "\(error)"
      }
      chains[event.journalID] = chain
    }
    return faults.sorted { $0.key < $1.key }.map(\.value)
  }
}

/// The whole trail, each budget's entries in their order.
struct ReadTrail: PostgresStatement {
  static let name: String? = nil
  static let sql = """
    SELECT \(Entry.columns) FROM trust_budget.audit_entries ORDER BY budget_id, budget_seq
    """

  static func decode(_ row: inout PostgresRow) throws -> Entry {
    try Entry(decoding: &row)
  }
}

/// Every budget's row.
struct ReadAllBudgets: PostgresStatement {
  static let name: String? = nil
  static let sql = """
    SELECT budget_id, initial_balance, adjustment, spent, reset_interval, window_started_at,
           window_seq, last_seq, last_hash
    FROM trust_budget.budgets
    """

  static func decode(_ row: inout PostgresRow) throws -> Budget {
    try Budget(decoding: &row)
  }
}
