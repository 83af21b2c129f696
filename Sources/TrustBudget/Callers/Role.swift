/// What a caller of a node may do.
package enum Role: String, CaseIterable, Sendable {
  /// A certificate authority: authorizations, their settlement and refund, break-glass.
  case issuer
  /// Charges on terms of its own, one or many; their settlement and refund.
  case charger
  /// Reads everything.
  case auditor
  /// Everything, and what nobody else may: adjustments, resets, refunds after settlement.
  case admin
}
