/// Points added or taken by an administrator, for the current window.
package struct Adjustment: Hashable, Sendable {
  /// What is wrong with points for which the ledger answers `Rejection.outOfRange`.
  package static let outOfRange = InvalidValue(
    "would take the budget beyond what is kept exactly (2^53 - 1)")

  package let requestID: RequestID
  package let budgetID: BudgetID
  /// From -(2^53 - 1) to 2^53 - 1, not 0.
  package let points: Int64
  package let reason: String
  package let origin: Origin

  /// - Throws: `InvalidValue` when `points` is 0 or out of range.
  package init(
    requestID: RequestID, budgetID: BudgetID, points: Int64, reason: String, origin: Origin
  ) throws(InvalidValue) {
    guard points != 0, (-Points.maximum...Points.maximum).contains(points) else {
      throw InvalidValue(
        "must be a whole number from -\(Points.maximum) to \(Points.maximum), and not 0")
    }
    self.requestID = requestID
    self.budgetID = budgetID
    self.points = points
    self.reason = reason
    self.origin = origin
  }

  var content: RequestContent {
    RequestContent(["adjustment", budgetID.value, String(points), reason])
  }
}
