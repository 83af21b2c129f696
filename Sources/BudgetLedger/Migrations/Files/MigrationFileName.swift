/// `0001_ledger.up.sql`, taken apart.
package struct MigrationFileName: Hashable, Sendable {
  package enum Direction: String, Sendable {
    case up, down
  }

  package let version: Int64
  package let name: String
  package let direction: Direction

  /// - Returns: nil for a file that is not named like a migration.
  package init?(_ fileName: String) {
    let parts = fileName.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[2] == "sql",
      let direction = Direction(rawValue: String(parts[1])),
      let underscore = parts[0].firstIndex(of: "_"),
      let version = Int64(parts[0][..<underscore]), version > 0
    else { return nil }
    self.version = version
    self.name = String(parts[0][parts[0].index(after: underscore)...])
    self.direction = direction
    guard MigrationFileName.isValid(name: name) else { return nil }
  }

  /// Whether a migration may be called that: letters, digits, `_` and `-`.
  package static func isValid(name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}
