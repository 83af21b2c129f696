@testable import TrustBudget

/// A budget rebuilt from its entries alone, each one checked on the way.
struct Replay {
  /// The budget after the entries so far; nil before the first.
  private(set) var budget: Budget?

  private var check: EntryCheck

  init(ledgerID: String) {
    check = EntryCheck(ledgerID: ledgerID)
  }

  /// Takes the next entry of the budget's chain.
  mutating func append(_ entry: Entry) throws(TrailFault) {
    budget = try check.budget(budget, after: entry)
  }
}
