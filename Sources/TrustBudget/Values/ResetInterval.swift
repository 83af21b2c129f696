/// The length of a budget's window.
package struct ResetInterval: Hashable, Sendable {
  package static let microsecondsPerHour: Int64 = 3_600_000_000
  /// The shortest window: a millisecond. Anything shorter is a slip of the pen.
  static let minimumMicroseconds: Int64 = 1_000
  /// The longest window: a hundred years.
  static let maximumMicroseconds: Int64 = 100 * 8_766 * microsecondsPerHour
  /// What a number of hours must be; completes "*the field* …".
  package static let requirement =
    "must be a number of hours, at least a millisecond (0.00000028) and at most 876600"

  package let microseconds: Int64

  /// - Throws: `InvalidValue` outside a millisecond … a hundred years.
  package init(microseconds: Int64) throws(InvalidValue) {
    guard
      (ResetInterval.minimumMicroseconds...ResetInterval.maximumMicroseconds)
        .contains(microseconds)
    else {
      throw InvalidValue(ResetInterval.requirement)
    }
    self.microseconds = microseconds
  }

  /// Fractions are allowed, and rounded to the microsecond.
  ///
  /// - Throws: `InvalidValue` when not finite, or outside a millisecond … a hundred years.
  package init(hours: Double) throws(InvalidValue) {
    let microseconds = (hours * Double(ResetInterval.microsecondsPerHour)).rounded()
    guard microseconds.isFinite, abs(microseconds) < 1e18 else {
      throw InvalidValue(ResetInterval.requirement)
    }
    try self.init(microseconds: Int64(microseconds))
  }

  package var hours: Double {
    Double(microseconds) / Double(ResetInterval.microsecondsPerHour)
  }
}

extension ResetInterval: CustomStringConvertible {
  /// In hours, without a needless fraction: `24`, `0.5`.
  package var description: String {
    microseconds.isMultiple(of: ResetInterval.microsecondsPerHour)
      ? "\(microseconds / ResetInterval.microsecondsPerHour)" : "\(hours)"
  }
}
