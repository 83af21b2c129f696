/// A charge as the trail knows it: what it took, and what became of it.
package struct ChargeRecord: Hashable, Sendable {
  package enum State: String, Hashable, Sendable {
    case charged
    case settled
    case refunded
  }

  package let requestID: RequestID
  /// The fingerprint of the request that was charged.
  package let request: String
  package let username: String
  package let rule: String?
  package let grant: SigningGrant?
  /// One for each budget, in the order of the rule.
  package let receipts: [Receipt]
  package let chargedAt: Timestamp
  package internal(set) var certificate: Certificate?
  package internal(set) var settledAt: Timestamp?
  package internal(set) var refundedAt: Timestamp?

  package var state: State {
    if refundedAt != nil { .refunded } else if settledAt != nil { .settled } else { .charged }
  }
}

// MARK: - Read back from the trail

extension ChargeRecord {
  /// The charge that these entries tell of.
  ///
  /// - Parameter entries: all entries of one request id, in any order; other kinds are passed over.
  /// - Returns: nil when there is no complete charge among them.
  package init?(entries: [Entry]) {
    let charges = entries.filter { $0.kind == .charge }.sorted { $0.part < $1.part }
    guard let first = charges.first, let id = first.requestID,
      let requestID = try? RequestID(id), let detail = EntryDetail(first.detail),
      let request = detail.request, charges.count == detail.parts ?? 1
    else { return nil }
    var receipts: [Receipt] = []
    for entry in charges {
      guard let cost = try? Points(entry.cost) else { return nil }
      receipts.append(
        Receipt(
          budgetID: entry.budgetID, cost: cost, remaining: entry.balanceAfter,
          resetsAt: EntryDetail(entry.detail)?.resetsAt.flatMap { Timestamp($0) },
          sequence: entry.sequence))
    }
    self.requestID = requestID
    self.request = request
    self.username = first.username ?? ""
    self.rule = first.rule
    self.grant = detail.grant
    self.receipts = receipts
    self.chargedAt = first.occurredAt
    if let settlement = entries.first(where: { $0.kind == .settlement }) {
      self.certificate = EntryDetail(settlement.detail)?.certificate
      self.settledAt = settlement.occurredAt
    }
    self.refundedAt = entries.first { $0.kind == .refund }?.occurredAt
  }
}
