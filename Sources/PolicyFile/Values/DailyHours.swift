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

/// A minute of the day, in UTC.
struct TimeOfDay: Sendable, Hashable, Comparable {
  static let minutesPerDay = 24 * 60

  /// From 0 to `minutesPerDay`.
  let minute: Int

  init(_ moment: Timestamp) {
    let microsecondsPerMinute: Int64 = 60_000_000
    let microsecondsPerDay = microsecondsPerMinute * Int64(TimeOfDay.minutesPerDay)
    let remainder = moment.microseconds % microsecondsPerDay
    // Before 1970 the remainder is negative.
    let sinceMidnight = remainder < 0 ? remainder + microsecondsPerDay : remainder
    minute = Int(sinceMidnight / microsecondsPerMinute)
  }

  /// Reads `HH:MM`, from `00:00` to `24:00`.
  init?(_ text: Substring) {
    let bytes = Array(text.utf8)
    guard bytes.count == 5, bytes[2] == UInt8(ascii: ":") else { return nil }
    let digits = [0, 1, 3, 4].map { Int(bytes[$0]) - 48 }
    guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
    let minutes = digits[2] * 10 + digits[3]
    let total = (digits[0] * 10 + digits[1]) * 60 + minutes
    guard minutes < 60, total <= TimeOfDay.minutesPerDay else { return nil }
    minute = total
  }

  static func < (a: Self, b: Self) -> Bool { a.minute < b.minute }
}

extension TimeOfDay: CustomStringConvertible {
  var description: String {
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(padded(minute / 60)):\(padded(minute % 60))"
  }
}
