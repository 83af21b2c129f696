/// Who asks for a certificate.
package struct Username: Hashable, Sendable, CustomStringConvertible {
  package let value: String

  /// - Throws: `InvalidValue` unless it is one line of visible text of 1 to 256 bytes.
  package init(_ value: String) throws(InvalidValue) {
    self.value = try IdentityText.validate(value)
  }

  package var description: String { value }
}
