/// `int2`.
extension Int16: PostgresFixedWidth {
  package static var postgresType: PostgresType { .int2 }
  package static var arrayType: PostgresType { .int2Array }
  static var width: Int { 2 }

  package static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> Int16 {
    try load(bytes, as: type)
  }
}

/// `int4`; reads `int2`, too.
extension Int32: PostgresFixedWidth {
  package static var postgresType: PostgresType { .int4 }
  package static var arrayType: PostgresType { .int4Array }
  static var width: Int { 4 }

  package static func canRead(_ type: PostgresType) -> Bool {
    type == .int4 || type == .int2
  }

  package static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> Int32 {
    type == .int2 ? Int32(try Int16.load(bytes, as: type)) : try load(bytes, as: type)
  }
}

/// `int8`; reads the smaller integers and `oid`, too.
extension Int64: PostgresFixedWidth {
  package static var postgresType: PostgresType { .int8 }
  package static var arrayType: PostgresType { .int8Array }
  static var width: Int { 8 }

  package static func canRead(_ type: PostgresType) -> Bool {
    type == .int8 || type == .int4 || type == .int2 || type == .oid
  }

  package static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> Int64 {
    switch type {
    case .int2: Int64(try Int16.load(bytes, as: type))
    case .int4: Int64(try Int32.load(bytes, as: type))
    case .oid: Int64(try UInt32.load(bytes, as: type))
    default: try load(bytes, as: type)
    }
  }
}

/// `xid8`, a transaction's id with its epoch.
extension UInt64: PostgresFixedWidth {
  package static var postgresType: PostgresType { .xid8 }
  package static var arrayType: PostgresType { .xid8Array }
  static var width: Int { 8 }

  package static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> UInt64 {
    try load(bytes, as: type)
  }
}
