/// `[UInt8]` is `bytea`: one value, though an array to Swift.
extension UInt8: PostgresArrayElement {
  package static var arrayType: PostgresType { .bytea }

  package static func canWriteArray(as type: PostgresType) -> Bool { type == .bytea }

  package static func canReadArray(_ type: PostgresType) -> Bool { type == .bytea }

  package static func writeArray(
    _ values: [UInt8], as type: PostgresType, into buffer: inout PostgresBuffer
  ) {
    values.withUnsafeBytes { buffer.append(contentsOf: $0) }
  }

  package static func readArray(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> [UInt8] {
    Array(bytes)
  }
}

/// `[[UInt8]]` is `bytea[]`.
extension Array: PostgresArrayElement where Element == UInt8 {
  package static var arrayType: PostgresType { .byteaArray }
}

extension Array: PostgresScalar where Element == UInt8 {}
