/// A charge given back, because nothing was signed.
package struct Refund: Hashable, Sendable {
  /// The charge's.
  package let requestID: RequestID
  /// The budgets that the charge took from, as read before; the decision checks them again.
  package let budgetIDs: [BudgetID]
  package let reason: String?
  /// An administrator may refund a settled charge.
  package let byAdministrator: Bool
  package let origin: Origin

  package init(
    requestID: RequestID, budgetIDs: [BudgetID], reason: String?, byAdministrator: Bool,
    origin: Origin
  ) {
    self.requestID = requestID
    self.budgetIDs = budgetIDs
    self.reason = reason
    self.byAdministrator = byAdministrator
    self.origin = origin
  }
}
