import Foundation
import TrustBudget

// Short words for what tests ask of a ledger.

extension Charge {
  /// A charge with nothing unusual about it.
  package static func of(
    _ budgetID: String, cost: Int64 = 1, initialBalance: Int64 = 100,
    resetInterval: ResetInterval? = nil, enforcement: Enforcement = .enforce,
    requestID: String = UUID().uuidString.lowercased(), username: String = "alice"
  ) throws -> Charge {
    try Charge(
      requestID: try RequestID(requestID),
      content: RequestContent(["test", username, budgetID, String(cost)]),
      username: try Username(username),
      terms: [
        .of(
          budgetID, cost: cost, initialBalance: initialBalance, resetInterval: resetInterval,
          enforcement: enforcement)
      ],
      origin: Origin(actor: "test"))
  }
}

extension Terms {
  package static func of(
    _ budgetID: String, cost: Int64 = 1, initialBalance: Int64 = 100,
    resetInterval: ResetInterval? = nil, enforcement: Enforcement = .enforce
  ) throws -> Terms {
    Terms(
      budgetID: try BudgetID(budgetID), cost: try Points(cost),
      initialBalance: try Points(initialBalance), resetInterval: resetInterval,
      enforcement: enforcement)
  }
}

extension TrustBudget.Operation {
  /// A charge of several budgets, all or none.
  package static func charging(
    _ terms: [Terms], requestID: String = UUID().uuidString.lowercased(), content: String = ""
  ) throws -> TrustBudget.Operation {
    .charge(
      try Charge(
        requestID: RequestID(requestID),
        content: RequestContent(["charge", content] + terms.map(\.budgetID.value)),
        username: Username("alice"), terms: terms, origin: Origin(actor: "test"),
        grant: SigningGrant(principals: ["user"], maxDuration: "15m", listsBudgets: true)))
  }

  /// A charge of one budget.
  package static func charging(
    _ budgetID: String, cost: Int64 = 1, initialBalance: Int64 = 100,
    resetInterval: ResetInterval? = nil, enforcement: Enforcement = .enforce,
    requestID: String = UUID().uuidString.lowercased()
  ) throws -> TrustBudget.Operation {
    .charge(
      try .of(
        budgetID, cost: cost, initialBalance: initialBalance, resetInterval: resetInterval,
        enforcement: enforcement, requestID: requestID))
  }

  package static func settling(
    _ requestID: String, of budgets: [String], serial: String = "1"
  ) throws -> TrustBudget.Operation {
    .settlement(
      Settlement(
        requestID: try RequestID(requestID), budgetIDs: try budgets.map { try BudgetID($0) },
        certificate: Certificate(
          serial: serial, keyID: "alice", fingerprint: "SHA256:abc",
          validAfter: "2026-01-01T00:00:00Z", validBefore: nil),
        origin: Origin(actor: "ca")))
  }

  package static func refunding(
    _ requestID: String, of budgets: [String], byAdministrator: Bool = false
  ) throws -> TrustBudget.Operation {
    .refund(
      Refund(
        requestID: try RequestID(requestID), budgetIDs: try budgets.map { try BudgetID($0) },
        reason: "signing failed", byAdministrator: byAdministrator, origin: Origin(actor: "ca")))
  }

  package static func adjusting(
    _ budgetID: String, by points: Int64, requestID: String = UUID().uuidString.lowercased(),
    reason: String = "incident"
  ) throws -> TrustBudget.Operation {
    .adjustment(
      try Adjustment(
        requestID: RequestID(requestID), budgetID: BudgetID(budgetID), points: points,
        reason: reason, origin: Origin(actor: "root")))
  }

  package static func resetting(
    _ budgetID: String, requestID: String = UUID().uuidString.lowercased(),
    reason: String = "incident"
  ) throws -> TrustBudget.Operation {
    .reset(
      AdministrativeReset(
        requestID: try RequestID(requestID), budgetID: try BudgetID(budgetID), reason: reason,
        origin: Origin(actor: "root")))
  }
}
