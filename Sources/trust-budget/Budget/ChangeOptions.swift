import ArgumentParser
import Foundation
import TrustBudget
import TrustBudgetServer

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
    guard let requestID else { return .random() }
    return try checked("--request-id") { () throws(InvalidValue) in try RequestID(requestID) }
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
