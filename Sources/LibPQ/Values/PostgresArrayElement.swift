/// A Swift type that an array may hold, where the array is one value to PostgreSQL.
///
/// The requirements are about whole arrays: one dynamic call an array, not one an element.
package protocol PostgresArrayElement: Sendable {
  /// The PostgreSQL type of an array whose type nobody declared.
  static var arrayType: PostgresType { get }

  /// Whether a parameter of that type can get an array of these.
  static func canWriteArray(as type: PostgresType) -> Bool

  /// Whether a column of that type can be read as an array of these.
  static func canReadArray(_ type: PostgresType) -> Bool

  /// Appends an array, without its length.
  static func writeArray(
    _ values: [Self], as type: PostgresType, into buffer: inout PostgresBuffer)

  /// Reads an array, all of `bytes`.
  static func readArray(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> [Self]
}

extension Array: PostgresValue where Element: PostgresArrayElement {
  package static var postgresType: PostgresType { Element.arrayType }

  package static func canWrite(as type: PostgresType) -> Bool {
    Element.canWriteArray(as: type)
  }

  package static func canRead(_ type: PostgresType) -> Bool {
    Element.canReadArray(type)
  }

  package func write(as type: PostgresType, into buffer: inout PostgresBuffer) {
    Element.writeArray(self, as: type, into: &buffer)
  }

  package static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> [Element] {
    try Element.readArray(bytes, as: type)
  }
}

/// An array whose elements may be NULL.
extension Optional: PostgresArrayElement where Wrapped: PostgresScalar {
  package static var arrayType: PostgresType { Wrapped.arrayType }

  package static func canWriteArray(as type: PostgresType) -> Bool {
    Wrapped.canWriteArray(as: type)
  }

  package static func canReadArray(_ type: PostgresType) -> Bool {
    Wrapped.canReadArray(type)
  }

  package static func writeArray(
    _ values: [Wrapped?], as type: PostgresType, into buffer: inout PostgresBuffer
  ) {
    Wrapped.writeOptionals(values, as: type, into: &buffer)
  }

  package static func readArray(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> [Wrapped?] {
    try Wrapped.readOptionals(bytes)
  }
}
