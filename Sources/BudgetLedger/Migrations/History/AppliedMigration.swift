import TrustBudget

/// What a database says was applied to it.
package struct AppliedMigration: Hashable, Sendable {
  package let version: Int64
  package let name: String
  package let checksum: Digest
  /// The oldest version that a program must know to go on with it.
  let compatibleWith: Int64
  /// nil: it runs outside a transaction, was begun, and is not known to have ended.
  package let appliedAt: Timestamp?
  package let programVersion: String

  package var label: String { Migration.label(version: version, name: name) }
}
