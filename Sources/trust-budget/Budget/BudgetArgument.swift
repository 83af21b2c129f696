import ArgumentParser
import TrustBudget

/// A budget's name on the command line.
struct BudgetArgument: ParsableArguments {
  @Argument(help: "The budget, for example user:alice.")
  var budget: String

  func validate() throws { _ = try budgetID() }

  /// - Throws: `ValidationError` when it can't be a budget's name.
  func budgetID() throws -> BudgetID {
    try checked("the budget's name") { () throws(InvalidValue) in try BudgetID(budget) }
  }
}
