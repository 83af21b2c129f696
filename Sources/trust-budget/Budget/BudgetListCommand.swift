import ArgumentParser
import BudgetLedger
import TrustBudget
import TrustBudgetServer

struct BudgetListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List budgets, as a charge would find them now.",
    discussion: "Example: trust-budget budget list --prefix user: --status exhausted")

  @OptionGroup var database: DatabaseOptions

  @Option(help: "Only budgets whose name begins so.")
  var prefix = ""

  @Option(
    help:
      "Only those with something left (available), less than a fifth (low), or nothing (exhausted)."
  )
  var status: BudgetQuery.Status?

  @Option(help: "How many at most, from 1 to 100000.")
  var limit = 1_000

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws { try ListLimit.validate(limit) }

  func run() async throws {
    // One more than is shown tells whether there are more.
    let found = try await database.withReader { try await read(limit + 1, from: $0) }
    let budgets = found.prefix(limit)
    if found.count > limit { ListLimit.noteMore("the first budgets", limit: limit) }
    if json {
      var object = JSONObjectText()
      object.put("budgets", budgets.map { JSONObjectText($0) })
      return print(object.text)
    }
    var table = TextTable("BUDGET", "BALANCE", "OF", "SPENT", "RESETS AT")
    for budget in budgets {
      table.add(
        "\(budget.id)", "\(budget.balance)", "\(budget.initialBalance.value)", "\(budget.spent)",
        budget.resetsAt.map { "\($0.roundedUpToSecond)" } ?? "never")
    }
    print(table)
  }

  /// The first so many, of however many pages.
  private func read(_ count: Int, from reader: LedgerReader) async throws -> [Budget] {
    var budgets: [Budget] = []
    var cursor: String?
    repeat {
      let page = try await reader.budgets(
        BudgetQuery(
          prefix: prefix, status: status, after: cursor ?? "", limit: count - budgets.count))
      budgets += page.budgets
      cursor = page.cursor
    } while cursor != nil && budgets.count < count
    return budgets
  }
}

extension BudgetQuery.Status: ExpressibleByArgument {}
