/// A new window at an administrator's word. The grid of the scheduled resets stays as it is.
package struct AdministrativeReset: Hashable, Sendable {
  package let requestID: RequestID
  package let budgetID: BudgetID
  package let reason: String
  package let origin: Origin

  package init(requestID: RequestID, budgetID: BudgetID, reason: String, origin: Origin) {
    self.requestID = requestID
    self.budgetID = budgetID
    self.reason = reason
    self.origin = origin
  }

  var content: RequestContent { RequestContent(["reset", budgetID.value, reason]) }
}
