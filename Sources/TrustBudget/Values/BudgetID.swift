/// The name of a budget: `user:alice`, `group:sre`.
package struct BudgetID: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The longest budget name, in UTF-8 bytes: room for a few percent-encoded identities.
  package static let maximumBytes = 1_024

  package let value: String

  /// - Throws: `InvalidValue` unless it is one line of visible text of 1 to 1,024 bytes.
  package init(_ value: String) throws(InvalidValue) {
    self.value = try IdentityText.validate(value, maximumBytes: BudgetID.maximumBytes)
  }

  /// The order in which budget rows are locked: by bytes, as PostgreSQL's `COLLATE "C"` sorts.
  package static func < (a: BudgetID, b: BudgetID) -> Bool {
    a.value.utf8.lexicographicallyPrecedes(b.value.utf8)
  }

  package var description: String { value }
}
