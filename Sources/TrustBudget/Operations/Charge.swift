/// A request to take points from one or several budgets, all or none.
package struct Charge: Hashable, Sendable {
  /// The most budgets that one charge can take from.
  package static let maximumBudgets = 16

  package let requestID: RequestID
  package let content: RequestContent
  package let username: Username
  /// At least one; no two of the same budget.
  package let terms: [Terms]
  package let origin: Origin
  /// What the CA may sign when this is allowed; nil where the caller named the terms itself.
  package let grant: SigningGrant?
  /// What the detail of the charge's first entry begins with. Written here, by the caller's task,
  /// so that it is not written under the locks.
  let sharedDetail: JSONObjectText

  /// - Throws: `InvalidValue` unless there are 1 to 16 terms, each of another budget.
  package init(
    requestID: RequestID, content: RequestContent, username: Username, terms: [Terms],
    origin: Origin, grant: SigningGrant? = nil
  ) throws(InvalidValue) {
    guard (1...Charge.maximumBudgets).contains(terms.count) else {
      throw InvalidValue("must name 1 to \(Charge.maximumBudgets) budgets")
    }
    guard terms.count == 1 || Set(terms.map(\.budgetID)).count == terms.count else {
      throw InvalidValue("must not name one budget twice")
    }
    self.requestID = requestID
    self.content = content
    self.username = username
    self.terms = terms
    self.origin = origin
    self.grant = grant
    var detail = JSONObjectText()
    detail.put("request", content.fingerprint)
    if terms.count > 1 { detail.put("parts", Int64(terms.count)) }
    if let grant { detail.put("grant", grant.detail) }
    self.sharedDetail = detail
  }
}
