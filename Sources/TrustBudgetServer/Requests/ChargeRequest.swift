import TrustBudget

/// The body of `POST /v1/charges`: a caller that knows the terms itself.
struct ChargeRequest: Decodable {
  let requestID: RequestID
  let username: Username
  let terms: Terms
  let content: RequestContent

  init(from decoder: any Decoder) throws {
    try self.init(fields: RequestFields(decoder))
  }

  init(fields: RequestFields) throws {
    let requestID = fields.optional("request_id", .text, RequestID.init(ofCharge:))
    let name = fields.required("username", .text, Username.init(_:))
    let budget = fields.required("budget_id", .text, BudgetID.init(_:))
    let cost = fields.optional("cost", .points, Points.init(_:))
    let initialBalance = fields.optional("initial_balance", .points, Points.init(_:))
    let hours = fields.optional("reset_interval_hours", .hours, ResetInterval.init(hours:))
    let (username, budgetID) = try fields.finish(name, budget)
    self.requestID = requestID ?? .random()
    self.username = username
    self.terms = Terms(
      budgetID: budgetID, cost: cost ?? .one,
      initialBalance: initialBalance ?? .defaultInitialBalance,
      resetInterval: hours)
    self.content = RequestContent([
      "charge", username.value, budgetID.value, String(terms.cost.value),
      String(terms.initialBalance.value), hours.map { String($0.microseconds) },
    ])
  }
}

extension RequestID {
  /// The id of a charge, which has a path of its own.
  ///
  /// - Throws: `InvalidValue` for what is no request id, and for `batch`: that path is taken.
  init(ofCharge text: String) throws(InvalidValue) {
    guard text != "batch" else {
      throw InvalidValue("must not be `batch`: /v1/charges/batch could not find the charge")
    }
    try self.init(text)
  }
}
