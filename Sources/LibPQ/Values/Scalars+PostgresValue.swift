import FoundationEssentials

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

/// `float8`; reads `float4`, too.
extension Double: PostgresFixedWidth {
  package static var postgresType: PostgresType { .float8 }
  package static var arrayType: PostgresType { .float8Array }
  static var width: Int { 8 }

  package static func canRead(_ type: PostgresType) -> Bool {
    type == .float8 || type == .float4
  }

  func store(at address: UnsafeMutableRawPointer) {
    bitPattern.store(at: address)
  }

  package static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> Double {
    type == .float4
      ? Double(Float(bitPattern: try .load(bytes, as: type)))
      : Double(bitPattern: try .load(bytes, as: type))
  }
}

/// `uuid`.
extension UUID: PostgresFixedWidth {
  package static var postgresType: PostgresType { .uuid }
  package static var arrayType: PostgresType { .uuidArray }
  static var width: Int { 16 }

  func store(at address: UnsafeMutableRawPointer) {
    address.storeBytes(of: uuid, as: uuid_t.self)
  }

  package static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> UUID {
    guard bytes.count == 16 else { throw PostgresValueError.length(bytes, for: type) }
    return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
  }
}
