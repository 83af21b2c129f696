import TrustBudget

/// A verdict, and how the policy came to it.
package struct Explanation: Sendable, Hashable {
  /// What became of one rule.
  package struct Step: Sendable, Hashable {
    package enum Outcome: Sendable, Hashable {
      case matched
      /// Each reason begins with the condition's key.
      case notMatched(reasons: [String])
      /// An earlier rule matched.
      case notReached
    }

    package let rule: String
    package let outcome: Outcome
  }

  /// One for each rule, in the order of the file.
  package let steps: [Step]
  package let verdict: Result<Grant, Refusal>
  /// For each of the grant's budgets, which override changed it: `override 1 for "user:ci-*"`.
  package let overrides: [String?]
}

extension Policy {
  /// Decides a request as `evaluate` does, and says why.
  package func explain(_ request: IssuanceRequest, at now: Timestamp) -> Explanation {
    let matched = rules.firstIndex { $0.match.holds(for: request, at: now) }
    let steps = rules.enumerated().map { index, rule -> Explanation.Step in
      let outcome: Explanation.Step.Outcome =
        if let matched, index >= matched {
          index == matched ? .matched : .notReached
        } else {
          .notMatched(reasons: rule.match.mismatches(for: request, at: now))
        }
      return Explanation.Step(rule: rule.name, outcome: outcome)
    }
    let charges = matched.flatMap { try? rules[$0].charges(for: request) }
    return Explanation(
      steps: steps,
      verdict: Result { () throws(Refusal) in try evaluate(request, at: now) },
      overrides: (charges ?? []).map(\.appliedOverride))
  }
}

extension BudgetCharge {
  /// The override that applied, for a person.
  fileprivate var appliedOverride: String? {
    guard let overridePosition, let override else { return nil }
    let globs = override.budgetIDs.map { VisibleText.quoted($0.description) }
    return "override \(overridePosition + 1) for \(globs.joined(separator: ", "))"
  }
}
