/// `bool`.
extension Bool: PostgresFixedWidth {
  package static var postgresType: PostgresType { .bool }
  package static var arrayType: PostgresType { .boolArray }
  static var width: Int { 1 }

  func store(at address: UnsafeMutableRawPointer) {
    address.storeBytes(of: self ? 1 : 0, as: UInt8.self)
  }

  package static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> Bool {
    try UInt8.load(bytes, as: type) != 0
  }
}
