import TrustBudget

extension Explanation: Encodable {
  private enum CodingKeys: String, CodingKey {
    case rules, decision, rule, principals, message
    case maxDuration = "max_duration"
    case trustBudget = "trust_budget"
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(steps, forKey: .rules)
    switch verdict {
    case .success(let grant):
      try container.encode("granted", forKey: .decision)
      try container.encode(grant.rule, forKey: .rule)
      try container.encode(grant.principals, forKey: .principals)
      try container.encode(grant.maxDuration.description, forKey: .maxDuration)
      let budgets = zip(grant.budgets, overrides).map(EncodedTerms.init)
      try container.encode(budgets, forKey: .trustBudget)
    case .failure(let refusal):
      try container.encode("refused", forKey: .decision)
      try container.encodeIfPresent(refusal.rule, forKey: .rule)
      try container.encode(refusal.message, forKey: .message)
    }
  }
}

extension Explanation.Step: Encodable {
  private enum CodingKeys: String, CodingKey {
    case name, outcome, reasons
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(rule, forKey: .name)
    switch outcome {
    case .matched: try container.encode("matched", forKey: .outcome)
    case .notReached: try container.encode("not_reached", forKey: .outcome)
    case .notMatched(let reasons):
      try container.encode("not_matched", forKey: .outcome)
      try container.encode(reasons, forKey: .reasons)
    }
  }
}

/// A budget's terms as policy.yaml would say them.
private struct EncodedTerms: Encodable {
  let budgetID: String
  let cost: Int64
  let initialBalance: Int64
  let resetIntervalHours: Double?
  let enforcement: String
  let override: String?

  init(_ terms: Terms, override: String?) {
    budgetID = terms.budgetID.value
    cost = terms.cost.value
    initialBalance = terms.initialBalance.value
    resetIntervalHours = terms.resetInterval?.hours
    enforcement = terms.enforcement.rawValue
    self.override = override
  }

  private enum CodingKeys: String, CodingKey {
    case budgetID = "budget_id"
    case cost
    case initialBalance = "initial_balance"
    case resetIntervalHours = "reset_interval_hours"
    case enforcement
    case override
  }
}
