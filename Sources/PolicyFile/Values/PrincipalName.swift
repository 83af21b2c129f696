import TrustBudget

/// A principal stands in a comma-separated list on ssh-keygen's command line.
enum PrincipalName {
  /// - Throws: `InvalidValue` when it is empty, too long, or holds whitespace, a comma or anything
  ///   invisible.
  static func validate(_ text: String) throws(InvalidValue) -> String {
    let text = try IdentityText.validate(text)
    guard !text.unicodeScalars.contains(where: { $0 == "," || $0.properties.isWhitespace }) else {
      throw InvalidValue("must not contain a comma or a space; name each principal by itself")
    }
    return text
  }
}
