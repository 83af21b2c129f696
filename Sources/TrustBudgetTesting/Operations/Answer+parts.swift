import TrustBudget

extension Answer {
  /// Points were taken now.
  package var isCharged: Bool {
    if case .charged(_, replayed: false) = self { true } else { false }
  }

  /// Points were taken before, by the same request.
  package var isReplay: Bool {
    if case .charged(_, replayed: true) = self { true } else { false }
  }

  package var isDenied: Bool { denial != nil }

  /// The charge that the answer is about.
  package var record: ChargeRecord? {
    switch self {
    case .charged(let record, _), .settled(let record, _), .refunded(let record, _): record
    case .denied, .changed, .rejected: nil
    }
  }

  /// The first receipt of the charge that the answer is about.
  package var receipt: Receipt? { record?.receipts.first }

  package var denial: Denial? {
    if case .denied(let denial) = self { denial } else { nil }
  }

  package var rejection: Rejection? {
    if case .rejected(let rejection) = self { rejection } else { nil }
  }

  /// The budget that an administrator changed.
  package var budget: Budget? {
    if case .changed(let budget, _) = self { budget } else { nil }
  }

  /// Whether all that the answer says was said before, to the same request.
  package var isRepeated: Bool {
    switch self {
    case .charged(_, let replayed), .settled(_, let replayed), .refunded(_, let replayed),
      .changed(_, let replayed):
      replayed
    case .denied, .rejected: false
    }
  }
}

extension Result where Success == Answer {
  package var isCharged: Bool { (try? get())?.isCharged ?? false }

  package var isDenied: Bool { (try? get())?.isDenied ?? false }

  package var error: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
