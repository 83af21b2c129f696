import AuditMirror
import BreakGlass
import BudgetLedger
import TrustBudget

/// A caller's name for an attempt. Hummingbird has a type of the same name, for its log.
typealias RequestID = TrustBudget.RequestID

/// What the routes of one node share.
struct Node: Sendable {
  let name: String
  let ledger: BudgetLedger
  let policies: PolicyStore
  let breakGlass: BreakGlass
  let metrics: NodeMetrics
  let departure: Departure
  /// How the node's copy of the audit trail is doing.
  let mirror: MirrorHealth
  let now: @Sendable () -> Timestamp

  /// Charges, and answers with the body of an allowed request.
  ///
  /// - Throws: `Problem` for every other answer.
  func charge(_ charge: Charge) async throws -> JSONObjectText {
    let answer = try await perform(.charge(charge))
    metrics.decided(charge, answer)
    return try body(of: answer, for: charge.requestID)
  }

  /// - Throws: `Problem`, with the id to ask again under, when there is no answer.
  func perform(_ operation: Operation) async throws -> Answer {
    try await asking(for: LedgerRequest(operation), operation.requestID) {
      try await ledger.perform(operation)
    }
  }

  /// What a charge would be answered now.
  ///
  /// - Throws: `Problem`, as ``perform(_:)``.
  func dryRun(_ charge: Charge) async throws -> Answer {
    try await asking(for: .charge, charge.requestID) { try await ledger.reader.dryRun(charge) }
  }

  /// The charge with this id.
  ///
  /// - Parameter request: what it is sought for.
  /// - Throws: `Problem` when there is none, or no answer.
  func find(_ id: RequestID, for request: LedgerRequest) async throws -> ChargeRecord {
    let charge = try await asking(for: request, id) { try await ledger.reader.charge(id) }
    guard let charge else { throw Problem(.noSuchCharge(id)) }
    return charge
  }

  private func asking<Answer>(
    for request: LedgerRequest, _ id: RequestID, _ ask: () async throws -> Answer
  ) async throws -> Answer {
    do {
      return try await ask()
    } catch let error as LedgerError {
      throw Problem(error, to: request, requestID: id)
    }
  }

  /// - Throws: `Problem` for a denial or a rejection.
  func body(of answer: Answer, for requestID: RequestID) throws -> JSONObjectText {
    switch answer {
    case .charged(let charge, let replayed): JSONObjectText(allowed: charge, replayed: replayed)
    case .settled(let charge, let replayed), .refunded(let charge, let replayed):
      JSONObjectText(charge, replayed: replayed)
    case .changed(let budget, let replayed): JSONObjectText(budget, replayed: replayed)
    case .denied(let denial): throw Problem(denial, requestID: requestID)
    case .rejected(let rejection): throw Problem(rejection)
    }
  }
}
