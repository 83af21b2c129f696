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
  /// How the node's copy of the audit trail is doing; nil where it has none.
  let mirror: MirrorHealth?
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
    do {
      return try await ledger.perform(operation)
    } catch let error as LedgerError {
      throw Problem(error, requestID: operation.requestID)
    }
  }

  /// The charge with this id.
  ///
  /// - Throws: `Problem` when there is none, or no answer.
  func find(_ id: RequestID) async throws -> ChargeRecord {
    do {
      guard let charge = try await ledger.reader.charge(id) else {
        throw Problem(.noSuchCharge(id))
      }
      return charge
    } catch let error as LedgerError {
      throw Problem(error, requestID: id)
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
