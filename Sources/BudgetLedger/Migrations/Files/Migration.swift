import TrustBudget

/// One step of the schema: `migrations/NNNN_name.up.sql`, and how to take it back.
package struct Migration: Hashable, Sendable {
  package let version: Int64
  package let name: String
  package let up: String
  /// nil where there is no way back.
  package let down: String?
  /// SHA-256 of the up text.
  package let checksum: Digest
  package let directives: MigrationDirectives

  /// - Parameters:
  ///   - up: with any line endings: the bodies of functions are the same from every checkout.
  ///   - down: so, too.
  package init(version: Int64, name: String, up: String, down: String?) {
    self.version = version
    self.name = name
    self.up = up.replacing("\r\n", with: "\n")
    self.down = down?.replacing("\r\n", with: "\n")
    self.checksum = Digest(hashing: Array(self.up.utf8))
    self.directives = MigrationDirectives(readingFrom: self.up)
  }

  /// `0001_ledger`.
  package var label: String { Migration.label(version: version, name: name) }

  /// The oldest version that a program must know to work with a schema that has this migration.
  package var compatibleWith: Int64 { directives.compatibleWith ?? version }

  /// What is wrong with the files, if anything is.
  var problem: String? {
    if let problem = directives.problem { return "\(label).up.sql: \(problem)" }
    if let compatible = directives.compatibleWith, !(1..<version).contains(compatible) {
      return "\(label).up.sql: compatible-with must name an earlier version"
    }
    if let down, MigrationDirectives(readingFrom: down).runsOutsideTransaction {
      return "\(label).down.sql: a way back always runs in a transaction"
    }
    return nil
  }

  /// `0001_ledger`.
  package static func label(version: Int64, name: String) -> String {
    let digits = String(version)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + name
  }
}
