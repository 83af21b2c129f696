@testable import TrustBudget

extension Answer {
  /// The charge's receipts, where points were taken now.
  var taken: [Receipt]? {
    if case .charged(let record, replayed: false) = self { record.receipts } else { nil }
  }

  /// What a single-budget charge left, where points were taken now.
  var remaining: Int64? { taken?.first?.remaining }

  var denial: Denial? {
    if case .denied(let denial) = self { denial } else { nil }
  }

  var rejection: Rejection? {
    if case .rejected(let rejection) = self { rejection } else { nil }
  }

  /// The charge that the answer is about, and whether it was decided before.
  var charge: (record: ChargeRecord, isReplayed: Bool)? {
    switch self {
    case .charged(let record, let isReplayed), .settled(let record, let isReplayed),
      .refunded(let record, let isReplayed):
      (record, isReplayed)
    default: nil
    }
  }

  var changed: (budget: Budget, isReplayed: Bool)? {
    if case .changed(let budget, let isReplayed) = self { (budget, isReplayed) } else { nil }
  }
}

extension Answer {
  /// The kind of the answer in a word or two.
  var label: String {
    switch self {
    case .charged(_, let isReplayed): isReplayed ? "charged again" : "charged"
    case .denied: "denied"
    case .settled(_, let isReplayed): isReplayed ? "settled again" : "settled"
    case .refunded(_, let isReplayed): isReplayed ? "refunded again" : "refunded"
    case .changed(_, let isReplayed): isReplayed ? "changed again" : "changed"
    case .rejected(.requestMismatch): "mismatch"
    case .rejected(.noSuchCharge): "no charge"
    case .rejected(.noSuchBudget): "no budget"
    case .rejected(.alreadySettled): "already settled"
    case .rejected(.alreadyRefunded): "already refunded"
    case .rejected(.outOfRange): "out of range"
    }
  }
}

extension Entry {
  /// The member `name` of the detail, as Foundation reads it.
  func detail(_ name: String) -> String? {
    (try? jsonObject(detail)[name]).map { "\($0)" }
  }
}
