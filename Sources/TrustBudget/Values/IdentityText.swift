import Foundation

/// What the names of people, groups, keys and budgets have in common.
///
/// One line of visible text in Unicode normalization form C. The form matters: Swift compares
/// strings by canonical equivalence and PostgreSQL by bytes, and on text in one form the two agree.
/// Control, format and private-use characters, and symbols outside ASCII (emoji among them), are
/// refused, because an auditor could not tell such names apart by looking at them.
package enum IdentityText {
  /// The longest name, in UTF-8 bytes.
  package static let maximumBytes = 256

  /// Checks `text` and gives it back.
  ///
  /// - Throws: `InvalidValue` that says what is wrong with it.
  package static func validate(
    _ text: String, maximumBytes: Int = IdentityText.maximumBytes
  ) throws(InvalidValue) -> String {
    let count = text.utf8.count
    guard count > 0 else { throw InvalidValue("must not be empty") }
    guard count <= maximumBytes else {
      throw InvalidValue("must be at most \(maximumBytes) bytes long; this is \(count)")
    }
    guard text.utf8.first != UInt8(ascii: " "), text.utf8.last != UInt8(ascii: " ") else {
      throw InvalidValue("must not begin or end with a space")
    }
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
    for scalar in text.unicodeScalars where !isAllowed(scalar) {
      throw InvalidValue("must not contain \(name(of: scalar))")
    }
    guard text.utf8.elementsEqual(text.precomposedStringWithCanonicalMapping.utf8) else {
      throw InvalidValue("must be in Unicode normalization form C")
    }
    return text
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    // Variation selectors and fillers count as marks and letters, and nobody sees them.
    if scalar.properties.isDefaultIgnorableCodePoint { return false }
    return switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber,
      .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      true
    case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol:
      scalar.isASCII
    default:
      scalar == " "
    }
  }

  /// What a message calls a character.
  package static func name(of scalar: Unicode.Scalar) -> String {
    let code = String(scalar.value, radix: 16, uppercase: true)
    let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
    let kind =
      scalar.properties.generalCategory == .control ? "the control character" : "the character"
    return "\(kind) U+\(padded)"
  }
}
