/// A value that breaks the rules of its type, said so that a person can mend it.
///
/// The text completes the sentence "*field* …": `must be a whole number from 0 to 9007199254740991`.
package struct InvalidValue: Error, Equatable, Sendable, CustomStringConvertible {
  /// What the value must be, without the name of the field it came in.
  package let requirement: String

  package init(_ requirement: String) {
    self.requirement = requirement
  }

  package var description: String { requirement }
}
