/// What the ledger answers to one operation.
///
/// Indirect, as `Operation`: an answer passes through several hands too.
package indirect enum Answer: Hashable, Sendable {
  /// The points are taken. `replayed`: they were taken before, by the same request.
  case charged(ChargeRecord, replayed: Bool)
  /// Too little was left; nothing was taken.
  case denied(Denial)
  case settled(ChargeRecord, replayed: Bool)
  case refunded(ChargeRecord, replayed: Bool)
  /// An administrator's adjustment or reset is done; the budget as it is now.
  case changed(Budget, replayed: Bool)
  /// The operation makes no sense as the ledger stands; nothing was written.
  case rejected(Rejection)

  /// The charge that it tells of, as the answer leaves it.
  var charge: ChargeRecord? {
    switch self {
    case .charged(let charge, _), .settled(let charge, _), .refunded(let charge, _): charge
    case .denied, .changed, .rejected: nil
    }
  }
}
