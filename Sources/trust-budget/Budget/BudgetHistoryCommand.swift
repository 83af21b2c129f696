import ArgumentParser
import BudgetLedger
import TrustBudget
import TrustBudgetServer

struct BudgetHistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "List a budget's entries in the audit trail.",
    discussion: "Example: trust-budget budget history user:alice --limit 20")

  @OptionGroup var argument: BudgetArgument
  @OptionGroup var database: DatabaseOptions

  @Option(help: "How many at most, the newest, from 1 to 100000.")
  var limit = 100

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws { try ListLimit.validate(limit) }

  func run() async throws {
    let id = try argument.budgetID()
    let found = try await database.withReader {
      try await $0.entries(EntryQuery(budgetID: id, limit: limit + 1))
    }
    guard !found.isEmpty else { throw CommandFailure("\(Rejection.noSuchBudget(id))") }
    let entries = found.prefix(limit).reversed()
    if found.count > limit { ListLimit.noteMore("the newest entries", limit: limit) }
    if json {
      var object = JSONObjectText()
      object.put("entries", entries.map { JSONObjectText($0) })
      return print(object.text)
    }
    var table = TextTable(
      "SEQ", "TIME", "KIND", "USER", "COST", "BEFORE", "AFTER", "NODE", "REQUEST")
    for entry in entries {
      table.add(
        "\(entry.sequence)", "\(entry.occurredAt)", entry.kind.rawValue, entry.username ?? "",
        "\(entry.cost)", "\(entry.balanceBefore)", "\(entry.balanceAfter)", entry.node,
        entry.requestID ?? "")
    }
    print(table)
  }
}
