import TrustBudget

/// A part of every day, in UTC: `08:00-20:00`. `22:00-06:00` crosses midnight.
package struct DailyHours: Sendable, Hashable, CustomStringConvertible {
  private let start: TimeOfDay
  /// Not part of it any more. `24:00` at the latest.
  private let end: TimeOfDay

  /// - Throws: `InvalidValue` unless it is two times of day that differ.
  package init(_ text: String) throws(InvalidValue) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let start = TimeOfDay(parts[0]), let end = TimeOfDay(parts[1]),
      start.minute < TimeOfDay.minutesPerDay
    else {
      throw InvalidValue(#"must be a range of hours in UTC such as "08:00-20:00""#)
    }
    guard start != end else {
      throw InvalidValue(#"must not end when it starts; the whole day is "00:00-24:00""#)
    }
    self.start = start
    self.end = end
  }

  func contains(_ time: TimeOfDay) -> Bool {
    start < end ? start <= time && time < end : start <= time || time < end
  }

  package var description: String { "\(start)-\(end)" }
}
