import ArgumentParser
import TrustBudget

struct BudgetResetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset", abstract: "Begin a new window of a budget now.",
    discussion: """
      Example: trust-budget budget reset user:alice --reason "incident 4711"

      The scheduled resets stay where they are.
      """)

  @OptionGroup var argument: BudgetArgument
  @OptionGroup var change: ChangeOptions
  @OptionGroup var database: DatabaseOptions

  func run() async throws {
    let reset = AdministrativeReset(
      requestID: try change.requestIDOrNew(), budgetID: try argument.budgetID(),
      reason: try validReason(change.reason), origin: change.origin)
    try change.print(try await database.perform(.reset(reset)))
  }
}
