/// Text from a file or a request, made safe to print: no terminal escapes, no tricks with the
/// direction of writing, and no more of it than a person reads.
enum VisibleText {
  /// The most characters of a quoted text.
  static let maximumQuoted = 80

  /// One character for each scalar, so that columns stay where they were: a space for a tab,
  /// `�` for what is invisible.
  static func line(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars.map(visible))
    return text
  }

  static func line(_ text: String) -> String { line(text.unicodeScalars) }

  /// In double quotes, cut after `maximumQuoted` characters.
  static func quoted(_ text: some StringProtocol) -> String { "\"\(short(text))\"" }

  /// Cut after `maximumQuoted` characters.
  static func short(_ text: some StringProtocol) -> String {
    let scalars = text.unicodeScalars
    let isCut = !scalars.dropFirst(maximumQuoted).isEmpty
    return line(scalars.prefix(maximumQuoted)) + (isCut ? "…" : "")
  }

  private static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.properties.generalCategory {
    case .control where scalar == "\t": " "
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      "\u{FFFD}"
    default: scalar
    }
  }
}
