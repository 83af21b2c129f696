/// How names, labels and numbers are written in Prometheus' text format.
enum ExpositionText {
  /// A name that Prometheus takes: what it does not becomes an underscore.
  static func validName(_ text: String) -> String {
    var name = String(text.unicodeScalars.map { isNamePart($0) ? Character($0) : "_" })
    if name.first?.isNumber ?? true { name = "_" + name }
    return name
  }

  private static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_": true
    default: false
    }
  }

  /// Labels without their braces, in the order of their names; empty where there are none.
  static func labels(_ dimensions: [(String, String)]) -> String {
    dimensions.sorted { $0.0 < $1.0 }
      .map { "\(validName($0.0))=\"\(escapedValue($0.1))\"" }.joined(separator: ",")
  }

  static func escapedHelp(_ text: String) -> String {
    text.reduce(into: "") { escaped, character in
      switch character {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      default: escaped.append(character)
      }
    }
  }

  private static func escapedValue(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { escaped, scalar in
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
  }

  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: value).map { String($0) } ?? "\(value)"
  }

  /// One line: a name, its labels, a value.
  static func sample(_ name: String, _ labels: String, _ value: String) -> String {
    labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }
}
