import TrustBudget

extension PolicyReader {
  /// Reads `trust_budget`: a mapping, or a list of mappings.
  func budgets(_ node: YAMLNode, hasGroups: Bool) -> (clauses: [BudgetClause], areAList: Bool)? {
    guard case .list(let elements) = node.content else {
      return budget(node, hasGroups: hasGroups).map { ([$0], false) }
    }
    if elements.count > Charge.maximumBudgets {
      reader.log.error(
        "found \(elements.count) budgets",
        expected: "at most \(Charge.maximumBudgets) in one rule", at: node.span)
    }
    var names: Set<String> = []
    let clauses = reader.list(node, example: "- budget_id: \"user:${username}\"") {
      node -> BudgetClause? in
      let clause = budget(node, hasGroups: hasGroups)
      if let clause, !names.insert(clause.budgetID.description).inserted {
        reader.log.error(
          "two budgets of this rule are named \(VisibleText.quoted(clause.budgetID.description))",
          expected: "a budget_id of its own for each", at: node.span)
      }
      return clause
    }
    return clauses.map { ($0, true) }
  }

  private func budget(_ node: YAMLNode, hasGroups: Bool) -> BudgetClause? {
    let terms = ["cost", "initial_balance", "reset_interval_hours", "enforcement"]
    guard
      let fields = reader.fields(
        node, of: "trust_budget", keys: ["budget_id"] + terms + ["overrides"])
    else { return nil }
    // One that is wrong is not the default's namesake.
    let budgetID = fields.value("budget_id", or: .perUser) { template($0, hasGroups: hasGroups) }
    let price = price(fields, or: .standard)
    let resetInterval = fields.optional("reset_interval_hours", resetInterval)
    let overrides = fields.optional("overrides") {
      self.overrides($0, terms: terms, of: budgetID, at: price)
    }
    return budgetID.map {
      BudgetClause(
        budgetID: $0, cost: price.cost ?? .one,
        initialBalance: price.initialBalance ?? .defaultInitialBalance,
        resetInterval: resetInterval, enforcement: price.enforcement ?? .enforce,
        overrides: overrides ?? [])
    }
  }

  /// Reads what a budget costs, and notes what nobody could ever pay.
  ///
  /// - Parameters:
  ///   - standard: what holds where `fields` say nothing.
  ///   - mayBeClosed: whether an allocation of 0 is no mistake: it closes particular budgets.
  private func price(
    _ fields: Fields, or standard: Price, mayBeClosed: Bool = false
  ) -> Price {
    let price = Price(
      cost: fields.value("cost", or: standard.cost, points),
      initialBalance: fields.value("initial_balance", or: standard.initialBalance, points),
      enforcement: fields.value("enforcement", or: standard.enforcement, reader.choice))
    if let key = ["cost", "initial_balance", "enforcement"].first(where: fields.has),
      price.enforcement == .enforce, let cost = price.cost, let balance = price.initialBalance,
      cost > balance, !(mayBeClosed && balance == .zero)
    {
      reader.log.warning(
        "a cost of \(cost) can never be paid from a balance of \(balance)",
        expected: "a cost of at most the initial_balance", at: fields.span(of: key))
    }
    return price
  }

  private func template(_ node: YAMLNode, hasGroups: Bool) -> BudgetIDTemplate? {
    guard let template = reader.value(node, BudgetIDTemplate.init(_:)) else { return nil }
    if template.uses(.group), !hasGroups {
      reader.log.error(
        "${group} never has a value here", expected: "oidc_groups in the rule's match",
        at: node.span)
    }
    if template.runsVariablesTogether {
      reader.log.warning(
        "two requesters could come to share a budget",
        expected: #"a ":" or a "/" between two variables"#, at: node.span)
    }
    return template
  }

  private func overrides(
    _ node: YAMLNode, terms: [String], of budgetID: BudgetIDTemplate?, at price: Price
  ) -> [BudgetOverride]? {
    var earlier: Set<Glob> = []
    var isAnyLeft = true
    return reader.list(node, example: #"- budget_ids: ["user:ci-*"]"#) { node -> BudgetOverride? in
      guard let override = override(node, terms: terms, of: budgetID, at: price),
        !override.budgetIDs.isEmpty
      else { return nil }
      if !isAnyLeft || earlier.isSuperset(of: override.budgetIDs) {
        reader.log.warning(
          "never reached: the overrides before it match all that this one could",
          expected: "overrides for particular budgets to come first", at: node.span)
      }
      earlier.formUnion(override.budgetIDs)
      if let budgetID, override.budgetIDs.contains(where: { $0.matchesEveryName(of: budgetID) }) {
        isAnyLeft = false
      }
      return override
    }
  }

  private func override(
    _ node: YAMLNode, terms: [String], of budgetID: BudgetIDTemplate?, at price: Price
  ) -> BudgetOverride? {
    guard let fields = reader.fields(node, of: "an override", keys: ["budget_ids"] + terms) else {
      return nil
    }
    let example = #"["user:ci-*"]"#
    let budgetIDs = fields.required("budget_ids", example: example) {
      reader.list($0, example: example) { pattern($0, of: budgetID) }
    }
    if !terms.contains(where: fields.has) {
      reader.log.error(
        "an override that changes nothing", expected: "one of \(terms.joined(separator: ", "))",
        at: fields.span)
    }
    let price = self.price(fields, or: price, mayBeClosed: true)
    return BudgetOverride(
      budgetIDs: budgetIDs ?? [],
      cost: fields.has("cost") ? price.cost : nil,
      initialBalance: fields.has("initial_balance") ? price.initialBalance : nil,
      resetInterval: fields.optional("reset_interval_hours", resetInterval),
      enforcement: fields.has("enforcement") ? price.enforcement : nil)
  }

  /// Reads one of an override's patterns, and notes one that never matches.
  private func pattern(_ node: YAMLNode, of budgetID: BudgetIDTemplate?) -> Glob? {
    guard let glob = reader.value(node, Glob.init) else { return nil }
    var text: String { VisibleText.quoted(glob.description) }
    if glob.description.contains("${") || TemplateVariable.misspelt(in: glob.description) != nil {
      reader.log.warning(
        "\(text) is matched as it stands",
        expected: "a pattern: variables are for budget_id alone", at: node.span)
    } else if let budgetID, glob.matchesNoName(of: budgetID) {
      reader.log.warning(
        "\(text) matches none of this budget's names",
        expected: "a pattern for \(VisibleText.quoted(budgetID.description)); in its values, "
          + #"":" is %3A and "/" is %2F"#, at: node.span)
    }
    return glob
  }
}

/// What a budget costs, as far as it can be read; nil: it cannot.
private struct Price {
  let cost: Points?
  let initialBalance: Points?
  let enforcement: Enforcement?

  static let standard = Price(
    cost: .one, initialBalance: .defaultInitialBalance, enforcement: .enforce)
}
