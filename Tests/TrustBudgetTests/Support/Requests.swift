@testable import TrustBudget

// Short words for what the tests ask of a ledger.

let alice = "user:alice"
let sre = "group:sre"

extension Timestamp {
  /// 2026-01-01T00:00:00Z.
  static let newYear = Timestamp(microseconds: 1_767_225_600_000_000)

  func after(hours: Double) -> Timestamp {
    Timestamp(
      microseconds: microseconds + Int64(hours * Double(ResetInterval.microsecondsPerHour)))
  }
}

func terms(
  _ budget: String = alice, cost: Int64 = 1, of initialBalance: Int64 = 10,
  every hours: Double? = nil, _ enforcement: Enforcement = .enforce
) throws -> Terms {
  Terms(
    budgetID: try BudgetID(budget), cost: try Points(cost),
    initialBalance: try Points(initialBalance),
    resetInterval: try hours.map { try ResetInterval(hours: $0) }, enforcement: enforcement)
}

func charge(
  _ id: String, _ terms: [Terms], content: String = "", grant: SigningGrant? = nil,
  origin: Origin = Origin()
) throws -> TrustBudget.Operation {
  .charge(
    try Charge(
      requestID: RequestID(id), content: RequestContent(["charge", id, content]),
      username: Username("alice"), terms: terms, origin: origin, grant: grant))
}

func charge(_ id: String, _ terms: Terms, content: String = "") throws -> TrustBudget.Operation {
  try charge(id, [terms], content: content)
}

func certificate(serial: String = "1") -> Certificate {
  Certificate(
    serial: serial, keyID: "alice", fingerprint: "SHA256:abc", validAfter: nil, validBefore: nil)
}

func settlement(
  _ id: String, of budgets: [String] = [alice], serial: String = "1"
) throws -> TrustBudget.Operation {
  .settlement(
    Settlement(
      requestID: try RequestID(id), budgetIDs: try budgets.map { try BudgetID($0) },
      certificate: certificate(serial: serial), origin: Origin()))
}

func refund(
  _ id: String, of budgets: [String] = [alice], byAdministrator: Bool = false
) throws -> TrustBudget.Operation {
  .refund(
    Refund(
      requestID: try RequestID(id), budgetIDs: try budgets.map { try BudgetID($0) },
      reason: "signing failed", byAdministrator: byAdministrator, origin: Origin()))
}

func adjustment(
  _ id: String, of points: Int64, to budget: String = alice, reason: String = "incident"
) throws -> TrustBudget.Operation {
  .adjustment(
    try Adjustment(
      requestID: RequestID(id), budgetID: BudgetID(budget), points: points, reason: reason,
      origin: Origin(actor: "root")))
}

func reset(
  _ id: String, of budget: String = alice, reason: String = "incident"
) throws -> TrustBudget.Operation {
  .reset(
    AdministrativeReset(
      requestID: try RequestID(id), budgetID: try BudgetID(budget), reason: reason,
      origin: Origin(actor: "root")))
}
