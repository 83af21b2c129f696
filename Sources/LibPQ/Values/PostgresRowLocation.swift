/// Where a row's version is in its table, as `ctid` says.
///
/// It stays there only while nobody can change the row: so it is good for one's own transaction, and
/// from the row's lock on.
package struct PostgresRowLocation: Hashable, Sendable {
  package var block: UInt32
  package var line: UInt16

  package init(block: UInt32, line: UInt16) {
    self.block = block
    self.line = line
  }
}

extension PostgresRowLocation: PostgresFixedWidth {
  package static var postgresType: PostgresType { .tid }
  package static var arrayType: PostgresType { .tidArray }
  static var width: Int { 6 }

  func store(at address: UnsafeMutableRawPointer) {
    block.store(at: address)
    line.store(at: address + 4)
  }

  package static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> PostgresRowLocation {
    guard bytes.count == 6 else { throw PostgresValueError.length(bytes, for: type) }
    return PostgresRowLocation(
      block: try .load(UnsafeRawBufferPointer(rebasing: bytes[0..<4]), as: type),
      line: try .load(UnsafeRawBufferPointer(rebasing: bytes[4..<6]), as: type))
  }
}
