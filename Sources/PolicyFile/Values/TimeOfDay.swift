import TrustBudget

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
