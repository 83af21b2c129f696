extension YAMLNode.Content {
  /// What YAML takes a value for.
  enum Kind {
    case nothing
    case boolean
    case number
    case text
    case list
    case mapping
  }

  /// By the rules of YAML 1.1 and 1.2 together: what either takes for something else is not text
  /// here, so that no two programs read a policy differently.
  var kind: Kind {
    switch self {
    case .list: .list
    case .mapping: .mapping
    case .scalar(_, isPlain: false): .text
    case .scalar(let text, isPlain: true):
      switch text.lowercased() {
      case "", "~", "null": .nothing
      case "true", "false", "yes", "no", "on", "off", "y", "n": .boolean
      case ".inf", "+.inf", "-.inf", ".nan": .number
      default: Self.isNumber(text) ? .number : .text
      }
    }
  }

  /// `12`, `-1.5e3`, `1_000`, `0x1F`, `0o17`, `0b11`.
  private static func isNumber(_ text: String) -> Bool {
    let written = text.utf8.filter { $0 != UInt8(ascii: "_") }
    let unsigned = written.drop { "+-".utf8.contains($0) }
    guard let first = unsigned.first, ".0123456789".utf8.contains(first) else { return false }
    let digits = String(decoding: unsigned.dropFirst(2), as: UTF8.self)
    return switch unsigned.dropFirst().first {
    case UInt8(ascii: "o"): Int(digits, radix: 8) != nil
    case UInt8(ascii: "b"): Int(digits, radix: 2) != nil
    default: Double(String(decoding: unsigned, as: UTF8.self)) != nil
    }
  }
}

extension YAMLNode.Content: CustomStringConvertible {
  /// As diagnostics speak of it.
  var description: String {
    guard case .scalar(let text, _) = self else { return kind == .list ? "a list" : "a mapping" }
    return switch kind {
    case .nothing: "no value"
    case .boolean: "the truth value \(VisibleText.short(text))"
    case .number: "the number \(VisibleText.short(text))"
    case .text, .list, .mapping: "the text \(VisibleText.quoted(text))"
    }
  }
}
