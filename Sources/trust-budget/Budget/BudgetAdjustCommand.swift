import ArgumentParser
import TrustBudget

struct BudgetAdjustCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adjust", abstract: "Add points to a budget's current window, or take some.",
    discussion: """
      Example: trust-budget budget adjust user:alice 50 --reason "incident 4711"
      Example: trust-budget budget adjust user:alice --reason "left the team" -- -20
      """)

  @OptionGroup var argument: BudgetArgument

  @Argument(help: "Points to add; below zero: to take.")
  var points: Int64

  @OptionGroup var change: ChangeOptions
  @OptionGroup var database: DatabaseOptions

  func validate() throws { _ = try adjustment() }

  func run() async throws {
    try change.print(try await database.perform(.adjustment(try adjustment())))
  }

  private func adjustment() throws -> Adjustment {
    do {
      return try Adjustment(
        requestID: try change.requestIDOrNew(), budgetID: try argument.budgetID(), points: points,
        reason: try validReason(change.reason), origin: change.origin)
    } catch let error as InvalidValue {
      throw ValidationError("points \(error.requirement)")
    }
  }
}
