/// The CA's word that the certificate of a charge exists.
package struct Settlement: Hashable, Sendable {
  /// The charge's.
  package let requestID: RequestID
  /// The budgets that the charge took from, as read before; the decision checks them again.
  package let budgetIDs: [BudgetID]
  package let certificate: Certificate
  package let origin: Origin

  package init(
    requestID: RequestID, budgetIDs: [BudgetID], certificate: Certificate, origin: Origin
  ) {
    self.requestID = requestID
    self.budgetIDs = budgetIDs
    self.certificate = certificate
    self.origin = origin
  }
}
