/// What may hold a text of a file's: a terminal obeys control characters, and a file is anybody's.
func printable(_ text: String) -> String {
  text.unicodeScalars.reduce(into: "") { printed, scalar in
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      printed += "\\u{\(String(scalar.value, radix: 16))}"
    default: printed.unicodeScalars.append(scalar)
    }
  }
}
