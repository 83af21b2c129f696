/// A Swift type whose values PostgreSQL reads and writes, in its binary format.
package protocol PostgresValue: Sendable {
  /// The PostgreSQL type of a value whose type nobody declared.
  static var postgresType: PostgresType { get }

  /// Whether a parameter of that type can get such a value.
  static func canWrite(as type: PostgresType) -> Bool

  /// Whether a column of that type can be read as such a value.
  static func canRead(_ type: PostgresType) -> Bool

  /// Appends the value, without its length.
  func write(as type: PostgresType, into buffer: inout PostgresBuffer)

  /// Reads a value, all of `bytes`.
  static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> Self
}

extension PostgresValue {
  /// As its own type only.
  package static func canWrite(as type: PostgresType) -> Bool { type == postgresType }

  /// Its own type only.
  package static func canRead(_ type: PostgresType) -> Bool { type == postgresType }
}
