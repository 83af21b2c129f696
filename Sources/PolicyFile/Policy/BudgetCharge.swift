import TrustBudget

/// A clause applied to a request, and how its terms came about.
struct BudgetCharge: Sendable, Hashable {
  let terms: Terms
  /// From 0, in the clause's overrides.
  let overridePosition: Int?
  let override: BudgetOverride?
}
