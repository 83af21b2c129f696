/// A text that comes from a file, a database or a node, made fit for a terminal, which would obey the control
/// characters in it.
func printable(_ text: String) -> String {
  text.unicodeScalars.reduce(into: "") { printed, scalar in
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      printed += "\\u{\(String(scalar.value, radix: 16))}"
    default: printed.unicodeScalars.append(scalar)
    }
  }
}

/// The same of a text of several lines, which are ours.
func printableLines(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false)
    .map { printable(String($0)) }
    .joined(separator: "\n")
}
