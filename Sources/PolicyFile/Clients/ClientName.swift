import TrustBudget

/// A name in a client certificate, of one kind: `dns:ca-1.example.com`.
package struct ClientName: Hashable, Sendable, CustomStringConvertible {
  /// What sort of name it is.
  package enum Kind: String, CaseIterable, Sendable {
    case dns
    case uri
    case email
    /// The subject's common name.
    case commonName = "cn"
  }

  package let kind: Kind
  /// DNS names and e-mail addresses in small letters: case tells none of them apart.
  package let value: String

  /// - Throws: `InvalidValue` for a name of which nobody could tell whether it is another one.
  package init(_ kind: Kind, _ value: String) throws(InvalidValue) {
    let value = try IdentityText.validate(value)
    self.kind = kind
    switch kind {
    case .dns, .email: self.value = value.lowercased()
    case .uri, .commonName: self.value = value
    }
  }

  /// Reads `dns:NAME`, `uri:ADDRESS`, `email:ADDRESS` or `cn:NAME`.
  init(_ text: String) throws(InvalidValue) {
    guard let colon = text.firstIndex(of: ":"), let kind = Kind(rawValue: String(text[..<colon]))
    else {
      let kinds = Kind.allCases.map { "\($0.rawValue):" }
      throw InvalidValue("must begin with one of \(kinds.joined(separator: ", "))")
    }
    let value = String(text[text.index(after: colon)...])
    guard kind != .dns || !value.contains("*") else {
      throw InvalidValue("must be a whole name: * stands for no other here")
    }
    try self.init(kind, value)
  }

  package var description: String { "\(kind.rawValue):\(value)" }
}
