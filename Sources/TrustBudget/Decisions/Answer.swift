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

  /// The same, as whoever was the first to ask is told it.
  package var asFirst: Answer {
    switch self {
    case .charged(let charge, _): .charged(charge, replayed: false)
    case .settled(let charge, _): .settled(charge, replayed: false)
    case .refunded(let charge, _): .refunded(charge, replayed: false)
    case .changed(let budget, _): .changed(budget, replayed: false)
    case .denied, .rejected: self
    }
  }

  /// The charge that it tells of, as the answer leaves it.
  var charge: ChargeRecord? {
    switch self {
    case .charged(let charge, _), .settled(let charge, _), .refunded(let charge, _): charge
    case .denied, .changed, .rejected: nil
    }
  }
}
