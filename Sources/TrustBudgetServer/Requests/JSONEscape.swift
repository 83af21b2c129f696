/// What stands behind a backslash in a JSON string.
enum JSONEscape {
  /// Takes an escape, of which the backslash is taken already.
  ///
  /// - Returns: what it stands for; nil where it is none, half of a surrogate pair among them.
  static func take(from rest: inout ArraySlice<UInt8>) -> Unicode.Scalar? {
    switch rest.popFirst().map(Unicode.Scalar.init) {
    case "\"": "\""
    case "\\": "\\"
    case "/": "/"
    case "b": "\u{8}"
    case "f": "\u{C}"
    case "n": "\n"
    case "r": "\r"
    case "t": "\t"
    case "u": scalar(from: &rest)
    default: nil
    }
  }

  private static func scalar(from rest: inout ArraySlice<UInt8>) -> Unicode.Scalar? {
    guard let first = unit(from: &rest) else { return nil }
    guard UTF16.isLeadSurrogate(first) else { return Unicode.Scalar(first) }
    guard rest.starts(with: #"\u"#.utf8) else { return nil }
    rest = rest.dropFirst(2)
    guard let second = unit(from: &rest), UTF16.isTrailSurrogate(second) else { return nil }
    return UTF16.decode(UTF16.EncodedScalar([first, second]))
  }

  /// Four hexadecimal digits.
  private static func unit(from rest: inout ArraySlice<UInt8>) -> UInt16? {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = rest.popFirst(),
        let digit = Character(Unicode.Scalar(byte)).hexDigitValue
      else { return nil }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }
}
