import TrustBudget

extension PolicyReader {
  /// Reads `policies`.
  ///
  /// - Returns: the rules, and the first that matches every request: no other, and no default, comes after it.
  func rules(_ node: YAMLNode, mayBeEmpty: Bool) -> (all: [PolicyRule], catchAll: PolicyRule?)? {
    if mayBeEmpty, case .list(let elements) = node.content, elements.isEmpty { return ([], nil) }
    var names = RuleNames()
    var catchAll: PolicyRule?
    let rules = reader.list(node, example: "- name: Developer") { node -> PolicyRule? in
      if let catchAll {
        reader.log.warning(
          "never reached: rule \(VisibleText.quoted(catchAll.name)) matches every request",
          expected: "rules that match everybody to come last", at: node.span)
      }
      let errorCount = reader.log.errorCount
      let rule = self.rule(node, names: &names)
      // A match that is wrong may be wrong in just what it asks for.
      if let rule, catchAll == nil, rule.match.matchesEverybody, reader.log.errorCount == errorCount
      {
        catchAll = rule
      }
      return rule
    }
    return rules.map { ($0, catchAll) }
  }

  private func rule(_ node: YAMLNode, names: inout RuleNames) -> PolicyRule? {
    guard
      let fields = reader.fields(
        node, of: "a policy rule",
        keys: ["name", "match", "principals", "max_duration", "trust_budget"])
    else { return nil }
    let named = fields.required("name", example: "Developer") { node in
      reader.value(node) { (text) throws(InvalidValue) in
        (node: node, text: try IdentityText.validate(text))
      }
    }
    let name = named.flatMap { named in
      reader.checked(named.node) { () throws(InvalidValue) in
        try names.add(named.text, line: named.node.span.start.line + 1)
      }
    }
    let match = fields.optional("match", self.match)
    let limits = self.limits(fields)
    let budgets = fields.optional("trust_budget") {
      // What is wrong with `match` is noted already, and no reason to complain of `${group}`.
      self.budgets($0, hasGroups: match?.hasGroups ?? fields.has("match"))
    }
    guard let name, let limits else { return nil }
    return PolicyRule(
      name: name, match: match ?? .everybody, limits: limits, budgets: budgets?.clauses ?? [],
      budgetsAreAList: budgets?.areAList ?? false)
  }

  private func match(_ node: YAMLNode) -> MatchConditions? {
    let identities: [(key: String, example: String, make: ([Glob]) -> Condition)] = [
      ("local_usernames", #"["alice"]"#, Condition.localUsernames),
      ("emails", #"["*@example.com"]"#, Condition.emails),
      ("oidc_groups", #"["developers"]"#, Condition.oidcGroups),
    ]
    let keys = identities.map(\.key) + ["source_ip", "hours", "webauthn_ids"]
    guard let fields = reader.fields(node, of: "match", keys: keys) else { return nil }
    let constraints: [Condition?] = [
      fields.optional("source_ip") {
        reader.list($0, example: #"["10.0.0.0/8"]"#) { reader.value($0, AddressRange.init) }
      }.map(Condition.sourceIP),
      fields.optional("hours") {
        reader.list($0, example: #"["08:00-20:00"]"#) { reader.value($0, DailyHours.init) }
      }.map(Condition.hours),
      fields.optional("webauthn_ids", globs(example: #"["key-1"]"#)).map(Condition.webauthnIDs),
    ]
    return MatchConditions(
      identities: identities.compactMap { condition in
        fields.optional(condition.key, globs(example: condition.example)).map(condition.make)
      },
      constraints: constraints.compactMap(\.self))
  }
}

/// The names of a file's rules, which must all differ.
private struct RuleNames {
  private var lines: [String: Int] = [:]

  mutating func add(_ name: String, line: Int) throws(InvalidValue) -> String {
    guard name != DefaultRule.name, name != BreakGlassRule.name else {
      throw InvalidValue("must be another name; this one is taken by the key \(name)")
    }
    guard name != PolicyRule.nameOfExplicitTerms else {
      throw InvalidValue("must be another name; in metrics, this one is no rule's")
    }
    if let earlier = lines.updateValue(line, forKey: name) {
      guard earlier != line else {
        throw InvalidValue("must be a name of its own; an alias, or this line, has it once more")
      }
      throw InvalidValue("must be a name of its own; the rule on line \(earlier) has it already")
    }
    return name
  }
}
