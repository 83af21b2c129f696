import TrustBudget

extension Explanation: CustomStringConvertible {
  /// A line for each rule, with the reasons against it below; then the verdict.
  package var description: String {
    let width = steps.map(\.rule.count).max() ?? 0
    let rules = steps.enumerated().map { index, step in
      let padding = String(repeating: " ", count: width - step.rule.count)
      return "\(index + 1). \(step.rule)\(padding)  \(step.outcome)"
    }
    return (rules + [verdictText]).joined(separator: "\n")
  }

  private var verdictText: String {
    switch verdict {
    case .failure(let refusal):
      return "refused: \(refusal.message)"
    case .success(let grant):
      let principals = grant.principals.joined(separator: ", ")
      let granted =
        "granted by rule \(VisibleText.quoted(grant.rule)): \(principals) for \(grant.maxDuration)"
      guard !grant.budgets.isEmpty else { return granted + "\n   no budget is charged" }
      let budgets = zip(grant.budgets, overrides).map { terms, override in
        "\n   \(terms.summary)" + (override.map { " (\($0))" } ?? "")
      }
      return granted + budgets.joined()
    }
  }
}

extension Explanation.Step.Outcome: CustomStringConvertible {
  package var description: String {
    switch self {
    case .matched: "matches"
    case .notReached: "not reached"
    case .notMatched(let reasons):
      "does not match" + reasons.map { "\n     \($0)" }.joined()
    }
  }
}

extension Terms {
  /// `user:alice: 1 point of 100, reset every 24 h`.
  fileprivate var summary: String {
    let reset = resetInterval.map { ", reset every \($0) h" } ?? ", never reset"
    let observed = enforcement == .observe ? ", observed only" : ""
    return "\(budgetID): \(cost) of \(initialBalance.value)\(reset)\(observed)"
  }
}
