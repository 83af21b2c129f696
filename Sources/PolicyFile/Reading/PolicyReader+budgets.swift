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
    let cost = fields.value("cost", or: .one, points)
    let initialBalance = fields.value("initial_balance", or: .defaultInitialBalance, points)
    let resetInterval = fields.optional("reset_interval_hours", resetInterval)
    let enforcement = fields.value("enforcement", or: Enforcement.enforce, reader.choice)
    let overrides = fields.optional("overrides") { node in
      reader.list(node, example: #"- budget_ids: ["user:ci-*"]"#) { override($0, terms: terms) }
    }
    if enforcement == .enforce, let cost, let initialBalance, cost > initialBalance {
      reader.log.warning(
        "a cost of \(cost) can never be paid from a balance of \(initialBalance)",
        expected: "a cost of at most the initial_balance", at: fields.span(of: "cost"))
    }
    return budgetID.map {
      BudgetClause(
        budgetID: $0, cost: cost ?? .one, initialBalance: initialBalance ?? .defaultInitialBalance,
        resetInterval: resetInterval, enforcement: enforcement ?? .enforce,
        overrides: overrides ?? [])
    }
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

  private func override(_ node: YAMLNode, terms: [String]) -> BudgetOverride? {
    guard let fields = reader.fields(node, of: "an override", keys: ["budget_ids"] + terms) else {
      return nil
    }
    let example = #"["user:ci-*"]"#
    let budgetIDs = fields.required("budget_ids", example: example, globs(example: example))
    if !terms.contains(where: fields.has) {
      reader.log.error(
        "an override that changes nothing", expected: "one of \(terms.joined(separator: ", "))",
        at: fields.span)
    }
    return BudgetOverride(
      budgetIDs: budgetIDs ?? [],
      cost: fields.optional("cost", points),
      initialBalance: fields.optional("initial_balance", points),
      resetInterval: fields.optional("reset_interval_hours", resetInterval),
      enforcement: fields.optional("enforcement", reader.choice))
  }
}
