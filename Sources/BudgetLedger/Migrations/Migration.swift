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

  package init(version: Int64, name: String, up: String, down: String?) {
    self.version = version
    self.name = name
    self.up = up
    self.down = down
    self.checksum = Digest(hashing: Array(Migration.withUnixLineEndings(up).utf8))
  }

  /// `0001_ledger`.
  package var label: String {
    let digits = String(version)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + name
  }

  private static func withUnixLineEndings(_ text: String) -> String {
    // "\r\n" is one Character in Swift.
    String(text.map { $0 == "\r\n" ? "\n" : $0 })
  }
}
