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
    let answer = try await database.perform(.adjustment(try adjustment()))
    if case .rejected(.outOfRange) = answer {
      throw CommandFailure("points \(Adjustment.outOfRange.requirement).")
    }
    try change.print(answer)
  }

  private func adjustment() throws -> Adjustment {
    let (requestID, budgetID) = (try change.requestIDOrNew(), try argument.budgetID())
    let reason = try validReason(change.reason)
    return try checked("points") { () throws(InvalidValue) in
      try Adjustment(
        requestID: requestID, budgetID: budgetID, points: points, reason: reason,
        origin: change.origin)
    }
  }
}
