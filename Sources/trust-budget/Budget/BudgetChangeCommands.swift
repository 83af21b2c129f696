import ArgumentParser
import Foundation
import TrustBudget
import TrustBudgetServer

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

/// What an administrator says with a change.
struct ChangeOptions: ParsableArguments {
  @Option(help: "Why, for the audit trail.")
  var reason: String

  @Option(
    name: .customLong("request-id"),
    help: "Makes a repeated command the same command. Default: a new one.")
  var requestID: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    _ = try requestIDOrNew()
    _ = try validReason(reason)
  }

  /// Whoever is logged in here has the database's word for it; the trail says who it was.
  var origin: Origin { Origin(actor: CallerName.ofPeople + NSUserName()) }

  func requestIDOrNew() throws -> RequestID {
    do {
      return try requestID.map { text throws(InvalidValue) in try RequestID(text) } ?? .random()
    } catch {
      throw ValidationError("--request-id \(error.requirement)")
    }
  }

  func print(_ answer: Answer) throws {
    switch answer {
    case .changed(let budget, let replayed):
      Swift.print(
        json
          ? JSONObjectText(budget, replayed: replayed).text
          : "\(budget.id): \(budget.balance) of \(budget.initialBalance) left.")
    case .rejected(let rejection):
      throw CommandFailure("\(rejection)")
    case .charged, .denied, .settled, .refunded:
      throw CommandFailure("the ledger gave an answer that does not fit the question")
    }
  }
}
