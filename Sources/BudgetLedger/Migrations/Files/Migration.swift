import TrustBudget

/// One step of the schema: `migrations/NNNN_name.up.sql`, and how to take it back.
package struct Migration: Hashable, Sendable {
  package let version: Int64
  package let name: String
  package let up: String
  /// nil where there is no way back.
  package let down: String?
  /// SHA-256 of the up text with LF line endings, so that a checkout with CRLF changes nothing.
  package let checksum: Digest
  package let directives: MigrationDirectives

  package init(version: Int64, name: String, up: String, down: String?) {
    self.version = version
    self.name = name
    self.up = up
    self.down = down
    let script = Migration.withUnixLineEndings(up)
    self.checksum = Digest(hashing: Array(script.utf8))
    self.directives = MigrationDirectives(readingFrom: script)
  }

  /// `0001_ledger`.
  package var label: String { Migration.label(version: version, name: name) }

  /// The oldest version that a program must know to work with a schema that has this migration.
  package var compatibleWith: Int64 { directives.compatibleWith ?? version }

  /// What runs: the up text, so that the bodies of functions are the same from every checkout.
  var upScript: String { Migration.withUnixLineEndings(up) }

  var downScript: String? { down.map(Migration.withUnixLineEndings) }

  /// What is wrong with the files, if anything is.
  var problem: String? {
    if let problem = directives.problem { return "\(label).up.sql: \(problem)" }
    if let compatible = directives.compatibleWith, !(1..<version).contains(compatible) {
      return "\(label).up.sql: compatible-with must name an earlier version"
    }
    if let downScript, MigrationDirectives(readingFrom: downScript).runsOutsideTransaction {
      return "\(label).down.sql: a way back always runs in a transaction"
    }
    return nil
  }

  /// `0001_ledger`.
  package static func label(version: Int64, name: String) -> String {
    let digits = String(version)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + name
  }

  private static func withUnixLineEndings(_ text: String) -> String {
    // "\r\n" is one Character in Swift.
    String(text.map { $0 == "\r\n" ? "\n" : $0 })
  }
}
