import ArgumentParser
import BudgetLedger
import TrustBudget
import TrustBudgetServer

struct BudgetShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one budget, as a charge would find it now.",
    discussion: "Example: trust-budget budget show user:alice")

  @OptionGroup var argument: BudgetArgument
  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let id = try argument.budgetID()
    guard let budget = try await database.withReader({ try await $0.budget(id) }) else {
      throw CommandFailure("\(Rejection.noSuchBudget(id))")
    }
    if json { return print(JSONObjectText(budget).text) }
    print(
      """
      budget      \(budget.id)
      balance     \(budget.balance) of \(budget.initialBalance)
      spent       \(budget.spent)
      adjustment  \(budget.adjustment)
      window      since \(budget.windowStartedAt)
      resets at   \(budget.resetsAt.map { "\($0.roundedUpToSecond)" } ?? "never")
      entries     \(budget.lastSequence)
      """)
  }
}
