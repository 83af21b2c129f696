// What becomes of a charge: the certificate exists, or the points go back.

extension Batch {
  mutating func decide(_ settlement: Settlement) -> Answer {
    guard var charge = charge(of: settlement.requestID) else {
      return .rejected(.noSuchCharge(settlement.requestID))
    }
    // Whoever lost the answer is told so again, also where an administrator gave the points back since.
    if charge.settledAt != nil, charge.certificate == settlement.certificate {
      return .settled(charge, replayed: true)
    }
    if charge.refundedAt != nil { return .rejected(.alreadyRefunded(charge.requestID)) }
    if charge.settledAt != nil {
      return .rejected(
        .alreadySettled(
          charge.requestID, with: charge.certificate, not: settlement.certificate))
    }
    guard let locked = lockedIndexes(of: charge) else {
      return .rejected(.noSuchCharge(settlement.requestID))
    }
    var detail = JSONObjectText()
    detail.put("certificate", settlement.certificate.detail)
    for (part, (index, receipt)) in zip(locked, charge.receipts).enumerated() {
      record(
        .settlement, at: index, balanceBefore: budgets[index].balance,
        Subject(charge, receipt, part: part), settlement.origin, detail)
    }
    charge.certificate = settlement.certificate
    charge.settledAt = now
    return .settled(charge, replayed: false)
  }

  mutating func decide(_ refund: Refund) -> Answer {
    guard var charge = charge(of: refund.requestID) else {
      return .rejected(.noSuchCharge(refund.requestID))
    }
    if charge.refundedAt != nil { return .refunded(charge, replayed: true) }
    if charge.settledAt != nil, !refund.byAdministrator {
      return .rejected(.alreadySettled(charge.requestID, with: charge.certificate))
    }
    guard let locked = lockedIndexes(of: charge) else {
      return .rejected(.noSuchCharge(refund.requestID))
    }
    for (part, (index, receipt)) in zip(locked, charge.receipts).enumerated() {
      resetIfDue(at: index, origin: refund.origin)
      let before = budgets[index].balance
      // A reset since the charge has given its points back already.
      let isOpen = receipt.sequence > budgets[index].windowSequence
      if isOpen { budgets[index].spent -= receipt.cost.value }
      var detail = JSONObjectText()
      detail.put("returned", isOpen)
      if let reason = refund.reason { detail.put("reason", reason) }
      record(
        .refund, at: index, balanceBefore: before, Subject(charge, receipt, part: part),
        refund.origin, detail)
    }
    charge.refundedAt = now
    return .refunded(charge, replayed: false)
  }

  private func lockedIndexes(of charge: ChargeRecord) -> [Int]? {
    let locked = charge.receipts.compactMap { indexes[$0.budgetID] }
    return locked.count == charge.receipts.count ? locked : nil
  }
}
