import TrustBudgetClient

extension Error {
  /// Whether a node may answer when it is asked again.
  var isTemporary: Bool {
    (self as? Problem)?.isTemporary ?? (self as? Unreachable)?.isTemporary ?? false
  }

  /// Whether a node may have done what it was asked to do.
  var isOutcomeUnknown: Bool {
    (self as? Problem)?.isOutcomeUnknown ?? (self as? Unreachable)?.isOutcomeUnknown ?? false
  }
}
