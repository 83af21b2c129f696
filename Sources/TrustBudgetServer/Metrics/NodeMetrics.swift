import BudgetLedger
import CoreMetrics
import PolicyFile
import Synchronization
import TrustBudget

/// What a node counts. No label grows with users or budgets: rules come from the policy, and
/// problems from the contract.
final class NodeMetrics: Sendable {
  private let registry: any MetricsFactory
  private let rules = Mutex([String: RuleMetrics]())
  private let problems: [Problem.Kind: Counter]
  private let replays: Counter

  init(_ registry: any MetricsFactory) {
    self.registry = registry
    problems = Dictionary(
      uniqueKeysWithValues: Problem.Kind.allCases.map { kind in
        let labels = [("problem", kind.rawValue)]
        return (
          kind,
          Counter(label: "trust_budget_problems_total", dimensions: labels, factory: registry)
        )
      })
    replays = Counter(label: "trust_budget_replays_total", factory: registry)
  }

  func answered(with problem: Problem.Kind) {
    problems[problem]?.increment()
  }

  func replayed() { replays.increment() }

  func decided(_ charge: Charge, _ answer: Answer) {
    switch answer {
    case .charged(_, replayed: true): replayed()
    case .charged(let record, replayed: false):
      let rule = rule(charge.origin.rule)
      rule.charges.increment()
      rule.points.increment(by: record.receipts.reduce(0) { $0 + $1.cost.value })
    case .denied: rule(charge.origin.rule).denials.increment()
    case .settled, .refunded, .changed, .rejected: break
    }
  }

  /// A request was allowed under a rule that has no budget.
  func allowedWithoutBudget(rule name: String) {
    rule(name).withoutBudget.increment()
  }

  private func rule(_ name: String?) -> RuleMetrics {
    let name = name ?? PolicyRule.nameOfExplicitTerms
    return rules.withLock { rules in
      if let rule = rules[name] { return rule }
      let rule = RuleMetrics(name, registry)
      rules[name] = rule
      return rule
    }
  }
}

/// What is counted for one rule of the policy.
private struct RuleMetrics {
  let charges: Counter
  let points: Counter
  let denials: Counter
  let withoutBudget: Counter

  init(_ name: String, _ factory: any MetricsFactory) {
    func counter(_ label: String) -> Counter {
      Counter(label: label, dimensions: [("rule", name)], factory: factory)
    }
    charges = counter("trust_budget_charges_total")
    points = counter("trust_budget_points_charged_total")
    denials = counter("trust_budget_denials_total")
    withoutBudget = counter("trust_budget_allowed_without_budget_total")
  }
}
