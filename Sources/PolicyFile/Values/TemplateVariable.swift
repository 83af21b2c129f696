import TrustBudget

/// What a budget's name can be made of.
package enum TemplateVariable: String, Sendable, Hashable, CaseIterable {
  case username
  case email
  case group
  case rule

  init(named name: Substring) throws(InvalidValue) {
    guard let variable = TemplateVariable(rawValue: String(name)) else {
      let known = TemplateVariable.allCases.map(\.description).joined(separator: ", ")
      throw InvalidValue("must not use the unknown variable ${\(name)}; there are \(known)")
    }
    self = variable
  }

  /// The variable that `literal` names as other programs write theirs: `$username`, `{username}`, `%{username}`,
  /// `$(username)`, `<username>`, `%USERNAME%`.
  static func misspelt(in literal: String) -> TemplateVariable? {
    // Without a pattern, which takes longer to make than a name to read: a file may have very many names.
    var rest = literal.utf8[...]
    while let mark = rest.popFirst() {
      guard "$%{<".utf8.contains(mark) else { continue }
      var name = rest
      var isBracketed = "{<".utf8.contains(mark)
      if !isBracketed, name.first == UInt8(ascii: "(") {
        name = name.dropFirst()
        isBracketed = true
      }
      if isBracketed { name = name.drop { $0 == UInt8(ascii: " ") } }
      name = name.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
      if let variable = TemplateVariable(rawValue: Substring(name).lowercased()) { return variable }
    }
    return nil
  }

  /// What it stands for, in a sentence.
  var meaning: String {
    switch self {
    case .username: "username"
    case .email: "email"
    case .group: "group among the rule's oidc_groups"
    case .rule: "rule"
    }
  }

  /// `value` with `:`, `%`, `/` and control characters as `%XX`, so that no value can pretend to be
  /// two parts of a name, or a part of another kind.
  static func encoded(_ value: String) -> String {
    guard value.unicodeScalars.contains(where: needsEncoding) else { return value }
    var text = ""
    for scalar in value.unicodeScalars {
      if needsEncoding(scalar) {
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
          text += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
        }
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  private static func needsEncoding(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case ":", "%", "/": true
    default: scalar.properties.generalCategory == .control
    }
  }
}

extension TemplateVariable: CustomStringConvertible {
  /// As it is written in a template: `${username}`.
  package var description: String { "${\(rawValue)}" }
}
