import Foundation

/// What people say in their own words: a reason, a ticket.
///
/// One line of visible text in Unicode normalization form C, as names are, but of any symbols, emoji among
/// them: nobody is told apart by it. What says the same on one line is made that line, not refused.
package enum FreeText {
  /// What shapes the characters beside it, and is part of many emoji: the joiners, and the selectors of text
  /// and emoji style. By itself it is nothing.
  private static let shaping: Set<Unicode.Scalar> = [
    "\u{200C}", "\u{200D}", "\u{FE0E}", "\u{FE0F}",
  ]

  /// Gives `text` back as it is kept: in form C, with a space for each line break, tab and other white space,
  /// and none at its ends.
  ///
  /// - Throws: `InvalidValue` that says what is wrong with it.
  package static func validate(
    _ text: String, maximumBytes: Int = IdentityText.maximumBytes
  ) throws(InvalidValue) -> String {
    let line = line(of: text)
    let count = line.utf8.count
    guard line.unicodeScalars.contains(where: { $0 != " " && !shaping.contains($0) }) else {
      throw InvalidValue("must not be empty")
    }
    guard count <= maximumBytes else {
      throw InvalidValue("must be at most \(maximumBytes) bytes long; this is \(count)")
    }
    for scalar in line.unicodeScalars where !isAllowed(scalar) {
      throw InvalidValue("must not contain \(IdentityText.name(of: scalar))")
    }
    return line
  }

  private static func line(of text: String) -> String {
    var line = String.UnicodeScalarView()
    for scalar in text.replacing("\r\n", with: "\n").unicodeScalars {
      line.append(scalar.properties.isWhitespace ? " " : scalar)
    }
    return String(line).precomposedStringWithCanonicalMapping.trimmingCharacters(in: [" "])
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    if shaping.contains(scalar) { return true }
    // Overrides of the direction, tags and fillers are among these: they hide what the text says.
    if scalar.properties.isDefaultIgnorableCodePoint { return false }
    return switch scalar.properties.generalCategory {
    case .control, .format, .unassigned: false
    default: true
    }
  }
}
