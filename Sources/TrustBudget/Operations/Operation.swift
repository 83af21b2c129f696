/// Everything that changes the ledger. Each carries the id under which it can be asked again.
///
/// Indirect: an operation passes through several hands, and a charge is a large value.
package indirect enum Operation: Hashable, Sendable {
  case charge(Charge)
  case settlement(Settlement)
  case refund(Refund)
  case adjustment(Adjustment)
  case reset(AdministrativeReset)

  package var requestID: RequestID {
    switch self {
    case .charge(let charge): charge.requestID
    case .settlement(let settlement): settlement.requestID
    case .refund(let refund): refund.requestID
    case .adjustment(let adjustment): adjustment.requestID
    case .reset(let reset): reset.requestID
    }
  }

  /// The budgets whose rows must be locked before this can be decided.
  package var budgetIDs: [BudgetID] {
    switch self {
    case .charge(let charge): charge.terms.map(\.budgetID)
    case .settlement(let settlement): settlement.budgetIDs
    case .refund(let refund): refund.budgetIDs
    case .adjustment(let adjustment): [adjustment.budgetID]
    case .reset(let reset): [reset.budgetID]
    }
  }

  /// Whether its budgets are all among these.
  package func isWithin(_ budgets: Set<BudgetID>) -> Bool {
    if case .charge(let charge) = self {
      // Asked of each that comes while a batch is decided: without a list of its own.
      charge.terms.allSatisfy { budgets.contains($0.budgetID) }
    } else {
      budgets.isSuperset(of: budgetIDs)
    }
  }
}

/// The CA's word that the certificate of a charge exists.
package struct Settlement: Hashable, Sendable {
  /// The charge's.
  package let requestID: RequestID
  /// The budgets that the charge took from, as read before; the decision checks them again.
  package let budgetIDs: [BudgetID]
  package let certificate: Certificate
  package let origin: Origin

  package init(
    requestID: RequestID, budgetIDs: [BudgetID], certificate: Certificate, origin: Origin
  ) {
    self.requestID = requestID
    self.budgetIDs = budgetIDs
    self.certificate = certificate
    self.origin = origin
  }
}

/// A charge given back, because nothing was signed.
package struct Refund: Hashable, Sendable {
  /// The charge's.
  package let requestID: RequestID
  /// The budgets that the charge took from, as read before; the decision checks them again.
  package let budgetIDs: [BudgetID]
  package let reason: String?
  /// An administrator may refund a settled charge.
  package let byAdministrator: Bool
  package let origin: Origin

  package init(
    requestID: RequestID, budgetIDs: [BudgetID], reason: String?, byAdministrator: Bool,
    origin: Origin
  ) {
    self.requestID = requestID
    self.budgetIDs = budgetIDs
    self.reason = reason
    self.byAdministrator = byAdministrator
    self.origin = origin
  }
}

/// Points added or taken by an administrator, for the current window.
package struct Adjustment: Hashable, Sendable {
  package let requestID: RequestID
  package let budgetID: BudgetID
  /// From -(2^53 - 1) to 2^53 - 1, not 0.
  package let points: Int64
  package let reason: String
  package let origin: Origin

  /// - Throws: `InvalidValue` when `points` is 0 or out of range.
  package init(
    requestID: RequestID, budgetID: BudgetID, points: Int64, reason: String, origin: Origin
  ) throws(InvalidValue) {
    guard points != 0, (-Points.maximum...Points.maximum).contains(points) else {
      throw InvalidValue(
        "must be a whole number from -\(Points.maximum) to \(Points.maximum), and not 0")
    }
    self.requestID = requestID
    self.budgetID = budgetID
    self.points = points
    self.reason = reason
    self.origin = origin
  }

  var content: RequestContent {
    RequestContent(["adjustment", budgetID.value, String(points), reason])
  }
}

/// A new window at an administrator's word. The grid of the scheduled resets stays as it is.
package struct AdministrativeReset: Hashable, Sendable {
  package let requestID: RequestID
  package let budgetID: BudgetID
  package let reason: String
  package let origin: Origin

  package init(requestID: RequestID, budgetID: BudgetID, reason: String, origin: Origin) {
    self.requestID = requestID
    self.budgetID = budgetID
    self.reason = reason
    self.origin = origin
  }

  var content: RequestContent { RequestContent(["reset", budgetID.value, reason]) }
}
