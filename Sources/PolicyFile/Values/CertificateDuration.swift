import TrustBudget

/// How long a certificate is valid.
///
/// It keeps its spelling, which ssh-keygen's `-V +…` understands; comparing it ignores that.
package struct CertificateDuration: Sendable {
  /// The longest: ten years of 365 days.
  static let maximumSeconds: Int64 = 3_650 * 86_400

  /// From 1 to `maximumSeconds`.
  package let seconds: Int64
  private let spelling: String

  /// Reads `90s`, `15m`, `1h`, `1h30m`, `2d`; a bare number means minutes.
  ///
  /// - Throws: `InvalidValue` on anything else, on zero, and beyond ten years.
  package init(_ text: String) throws(InvalidValue) {
    let isBare = !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
    let spelling = isBare ? text + "m" : text
    guard let seconds = try CertificateDuration.seconds(in: spelling) else {
      throw InvalidValue(#"must be a duration such as "90s", "15m", "1h30m" or "2d""#)
    }
    self.seconds = try CertificateDuration.validate(seconds)
    self.spelling = spelling
  }

  /// - Throws: `InvalidValue` unless it is from one second to ten years.
  package init(seconds: Int64) throws(InvalidValue) {
    self.seconds = try CertificateDuration.validate(seconds)
    var rest = seconds
    self.spelling = CertificateDuration.units.reduce(into: "") { text, unit in
      let (amount, remainder) = rest.quotientAndRemainder(dividingBy: unit.seconds)
      if amount > 0 { text += "\(amount)\(unit.letter)" }
      rest = remainder
    }
  }

  private static let units: [(letter: Character, seconds: Int64)] =
    [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]

  /// The sum of the amounts in `text`, each with its unit, each unit at most once and the largest
  /// first; nil for any other text.
  private static func seconds(in text: String) throws(InvalidValue) -> Int64? {
    guard !text.isEmpty else { return nil }
    var rest = text[...]
    var total: Int64 = 0
    for unit in units {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard !digits.isEmpty, rest.dropFirst(digits.count).first == unit.letter else { continue }
      // An amount too large for an Int64 is too long in any unit.
      let amount = try validateLength(Int64(digits) ?? .max)
      total += amount * unit.seconds
      rest = rest.dropFirst(digits.count + 1)
    }
    return rest.isEmpty ? total : nil
  }

  private static func validate(_ seconds: Int64) throws(InvalidValue) -> Int64 {
    guard seconds > 0 else { throw InvalidValue("must be longer than zero") }
    return try validateLength(seconds)
  }

  private static func validateLength(_ seconds: Int64) throws(InvalidValue) -> Int64 {
    guard seconds <= maximumSeconds else { throw InvalidValue("must be at most 3650 days") }
    return seconds
  }
}

extension CertificateDuration: Hashable, Comparable {
  package static func == (a: Self, b: Self) -> Bool { a.seconds == b.seconds }
  package static func < (a: Self, b: Self) -> Bool { a.seconds < b.seconds }
  package func hash(into hasher: inout Hasher) { hasher.combine(seconds) }
}

extension CertificateDuration: CustomStringConvertible {
  /// As it was written, always with a unit: `15m`, `1h30m`.
  package var description: String { spelling }
}
