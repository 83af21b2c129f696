import BreakGlass
import BudgetLedger
import PolicyFile
import TrustBudget

// What the ledger and the policy refuse, in the contract's words. Each error is translated here,
// once; routes throw what they get.

extension Problem {
  init(_ denial: Denial, requestID: RequestID) {
    self.init(.budgetExhausted, denial.message)
    members.put("request_id", requestID.value)
    members.put("budget_id", denial.budgetID.value)
    members.put("cost", denial.cost.value)
    members.put("remaining", denial.remaining)
    if let resetsAt = denial.resetsAt { members.put("resets_at", resetsAt) }
    retryAfter = denial.secondsToReset
  }

  init(_ refusal: Refusal, requestID: RequestID) {
    let kind: Kind =
      switch refusal {
      case .noMatchingRule: .noMatchingRule
      case .missingIdentity: .missingIdentity
      case .breakGlassForbidden: .breakGlassForbidden
      case .breakGlassUnapproved: .breakGlassUnapproved
      case .policyLimit, .conflictingBudgets, .unusableBudgetID: .policyLimit
      }
    self.init(kind, refusal.message)
    members.put("request_id", requestID.value)
  }

  init(_ rejection: Rejection) {
    let kind: Kind =
      switch rejection {
      case .requestMismatch: .requestMismatch
      case .noSuchCharge, .noSuchBudget: .notFound
      case .alreadySettled: .alreadySettled
      case .alreadyRefunded: .alreadyRefunded
      case .outOfRange: .invalidRequest
      }
    self.init(kind, rejection.description)
  }

  /// - Parameter requestID: to ask again under.
  init(_ error: LedgerError, to request: LedgerRequest, requestID: RequestID? = nil) {
    switch error {
    case .unavailable(let reason):
      self.init(
        .ledgerUnavailable,
        "The ledger cannot be asked\(request.ifUnasked). Try again. (\(reason))", retryAfter: 2)
    case .overloaded(let reason):
      self.init(
        .overloaded, "This node is overloaded\(request.ifUndone). Try again. (\(reason))",
        retryAfter: 1)
    case .outcomeUnknown(let reason):
      self.init(
        .outcomeUnknown,
        "No answer of the ledger came that can be relied on, so it is not known whether this was done. "
          + "Repeat the request with the same request_id: it is never \(request.done) twice. "
          + "(\(reason))",
        retryAfter: 2)
    case .cancelled:
      self.init(
        .ledgerUnavailable,
        "The request was given up before it was decided, by who closed the connection or its side of it"
          + "\(request.ifUndone).", retryAfter: 1)
    case .refused(let reason):
      self.init(
        .internalError, "The ledger refused this request\(request.ifUndone). (\(reason))")
    }
    if let requestID { members.put("request_id", requestID.value) }
  }

  init(_ unrecorded: BreakGlassUnrecorded, requestID: RequestID) {
    self.init(
      .breakGlassUnrecorded,
      "This emergency request could not be recorded, so it is refused: an emergency certificate that "
        + "nobody knows of is the one thing that must not exist. Sign nothing, and repeat the request "
        + "with the same request_id, here or at another node. "
        + "(Journal: \(unrecorded.journal). PostgreSQL: \(unrecorded.postgres))",
      retryAfter: 1)
    members.put("request_id", requestID.value)
  }

  /// What went wrong is in the log, where nobody but the operator reads it.
  static let ofThisService = Problem(
    .internalError, "The request failed for a reason of this service's own.")

  /// How many fields an answer names: a large body can have very many that are wrong.
  private static let mostFields = 100

  /// A request that breaks the contract, with each field that does.
  init(invalid allFields: [FieldProblem]) {
    let fields = allFields.prefix(Problem.mostFields)
    var faults = fields.map { "\($0.field) \($0.problem)" }
    let more = allFields.count - fields.count
    if more > 0 { faults.append("and \(more) more") }
    self.init(.invalidRequest, faults.joined(separator: "; ") + ".")
    members.put(
      "errors",
      fields.map {
        var object = JSONObjectText()
        object.put("field", $0.field)
        object.put("detail", $0.problem)
        return object
      })
  }
}
