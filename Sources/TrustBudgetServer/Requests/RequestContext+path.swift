import Foundation
import Hummingbird
import TrustBudget

extension RequestContext {
  /// The budget that the path names.
  ///
  /// - Throws: `Problem` when it is not a budget's name.
  func budgetID() throws -> BudgetID {
    try pathParameter("budget_id", BudgetID.init(_:))
  }

  /// The request that the path names.
  ///
  /// - Throws: `Problem` when it is not a request id.
  func requestID() throws -> RequestID {
    try pathParameter("request_id", RequestID.init(_:))
  }

  private func pathParameter<Value>(
    _ name: String, _ convert: (String) throws(InvalidValue) -> Value
  ) throws -> Value {
    let raw = parameters.get(name) ?? ""
    guard let text = raw.removingPercentEncoding else {
      throw Problem(
        invalid: [FieldProblem(field: name, problem: "must be percent-encoded UTF-8")])
    }
    do {
      return try convert(text)
    } catch {
      throw Problem(invalid: [FieldProblem(field: name, problem: error.requirement)])
    }
  }
}
