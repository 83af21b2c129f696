/// Everything that changes the ledger. Each carries the id under which it can be asked again.
///
/// Indirect: an operation passes through several hands, and a charge is a large value.
package indirect enum Operation: Hashable, Sendable {
  case charge(Charge)
  case settlement(Settlement)
  case refund(Refund)
  case adjustment(Adjustment)
  case reset(AdministrativeReset)

  package var requestID: RequestID {
    switch self {
    case .charge(let charge): charge.requestID
    case .settlement(let settlement): settlement.requestID
    case .refund(let refund): refund.requestID
    case .adjustment(let adjustment): adjustment.requestID
    case .reset(let reset): reset.requestID
    }
  }

  /// The budgets whose rows must be locked before this can be decided.
  package var budgetIDs: [BudgetID] {
    switch self {
    case .charge(let charge): charge.terms.map(\.budgetID)
    case .settlement(let settlement): settlement.budgetIDs
    case .refund(let refund): refund.budgetIDs
    case .adjustment(let adjustment): [adjustment.budgetID]
    case .reset(let reset): [reset.budgetID]
    }
  }

  /// Whether its budgets are all among these.
  package func isWithin(_ budgets: Set<BudgetID>) -> Bool {
    if case .charge(let charge) = self {
      // Asked of each that comes while a batch is decided: without a list of its own.
      charge.terms.allSatisfy { budgets.contains($0.budgetID) }
    } else {
      budgets.isSuperset(of: budgetIDs)
    }
  }
}
