/// A moment, in microseconds since 1970-01-01T00:00:00Z: PostgreSQL's own resolution.
///
/// Nothing here asks what time it is. The ledger's moments come from the database.
package struct Timestamp: Hashable, Comparable, Sendable {
  package let microseconds: Int64

  package init(microseconds: Int64) {
    self.microseconds = microseconds
  }

  /// As metrics have it.
  package var secondsSince1970: Double { Double(microseconds) / 1_000_000 }

  package static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

  package static func + (moment: Timestamp, interval: ResetInterval) -> Timestamp {
    Timestamp(microseconds: moment.microseconds + interval.microseconds)
  }

  /// The first whole second at or after this moment.
  package var roundedUpToSecond: Timestamp {
    let second: Int64 = 1_000_000
    let remainder = ((microseconds % second) + second) % second
    guard remainder != 0 else { return self }
    let (rounded, isTooLate) = microseconds.addingReportingOverflow(second - remainder)
    return isTooLate ? self : Timestamp(microseconds: rounded)
  }
}

// MARK: - Text

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC: `2026-01-02T03:04:05Z`, with six digits of fraction where there is one.
  package var description: String {
    let isWhole = microseconds % 1_000_000 == 0
    return text(separator: UInt8(ascii: "T"), fraction: !isWhole, suffix: UInt8(ascii: "Z"))
  }

  /// `2026-01-02 03:04:05.678901`, in UTC: the form that SQLite compares rightly with
  /// `datetime('now')`, and the one that an entry's hash covers.
  package var sortableText: String {
    text(separator: UInt8(ascii: " "), fraction: true, suffix: nil)
  }

  /// `2026-01-02T030405`, in UTC: for the names of files.
  package var fileNameText: String {
    String(description.prefix(19).filter { $0 != ":" })
  }

  /// Reads what `description` and `sortableText` write, with a `Z` or without: always UTC; no day that the
  /// month doesn't have.
  package init?(_ text: String) {
    var bytes = Array(text.utf8)
    if bytes.last == UInt8(ascii: "Z") { bytes.removeLast() }
    guard bytes.count == 19 || bytes.count == 26,
      bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " "),
      bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":")
    else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      var value: Int64 = 0
      for byte in bytes[range] {
        guard (48...57).contains(byte) else { return nil }
        value = value * 10 + Int64(byte - 48)
      }
      return value
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      year >= 1, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
      second < 60
    else { return nil }
    var fraction: Int64 = 0
    if bytes.count == 26 {
      guard bytes[19] == UInt8(ascii: "."), let digits = number(20..<26) else { return nil }
      fraction = digits
    }
    let days = CivilDate.days(year: year, month: month, day: day)
    guard CivilDate(days: days).day == day else { return nil }
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    self.init(microseconds: seconds * 1_000_000 + fraction)
  }

  /// Reads RFC 3339 in UTC as others write it: `2026-01-02T03:04:05Z`, with one to six digits of
  /// fraction where there is one.
  package init?(rfc3339 text: String) {
    guard
      let match = text.wholeMatch(of: /([0-9-]{10}T[0-9:]{8})(?:\.([0-9]{1,6}))?Z/)
    else { return nil }
    guard let fraction = match.2 else {
      self.init(String(match.1))
      return
    }
    self.init("\(match.1).\(fraction)\(String(repeating: "0", count: 6 - fraction.count))")
  }

  private func text(separator: UInt8, fraction: Bool, suffix: UInt8?) -> String {
    String(unsafeUninitializedCapacity: 32) { buffer in
      var length = 0
      func put(_ byte: UInt8) {
        buffer[length] = byte
        length += 1
      }
      func put(_ value: Int64, digits: Int) {
        var divisor: Int64 = 1
        for _ in 1..<digits { divisor *= 10 }
        for _ in 0..<digits {
          put(UInt8(48 + (value / divisor) % 10))
          divisor /= 10
        }
      }
      let (seconds, micros) = microseconds.flooredQuotientAndRemainder(by: 1_000_000)
      let (days, secondOfDay) = seconds.flooredQuotientAndRemainder(by: 86_400)
      let date = CivilDate(days: days)
      put(date.year, digits: 4)
      put(UInt8(ascii: "-"))
      put(date.month, digits: 2)
      put(UInt8(ascii: "-"))
      put(date.day, digits: 2)
      put(separator)
      put(secondOfDay / 3_600, digits: 2)
      put(UInt8(ascii: ":"))
      put(secondOfDay / 60 % 60, digits: 2)
      put(UInt8(ascii: ":"))
      put(secondOfDay % 60, digits: 2)
      if fraction {
        put(UInt8(ascii: "."))
        put(micros, digits: 6)
      }
      if let suffix { put(suffix) }
      return length
    }
  }
}

extension Int64 {
  func flooredQuotientAndRemainder(by divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
