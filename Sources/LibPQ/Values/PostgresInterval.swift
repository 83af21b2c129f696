/// A span of time, as `interval` has it: the three parts don't convert into each other, since
/// months and days differ in length.
package struct PostgresInterval: Hashable, Sendable {
  package var microseconds: Int64
  package var days: Int32
  package var months: Int32

  package init(microseconds: Int64 = 0, days: Int32 = 0, months: Int32 = 0) {
    self.microseconds = microseconds
    self.days = days
    self.months = months
  }
}

extension PostgresInterval: PostgresFixedWidth {
  package static var postgresType: PostgresType { .interval }
  package static var arrayType: PostgresType { .intervalArray }
  static var width: Int { 16 }

  func store(at address: UnsafeMutableRawPointer) {
    microseconds.store(at: address)
    days.store(at: address + 8)
    months.store(at: address + 12)
  }

  package static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> PostgresInterval {
    guard bytes.count == 16 else { throw PostgresValueError.length(bytes, for: type) }
    return PostgresInterval(
      microseconds: try .load(UnsafeRawBufferPointer(rebasing: bytes[0..<8]), as: type),
      days: try .load(UnsafeRawBufferPointer(rebasing: bytes[8..<12]), as: type),
      months: try .load(UnsafeRawBufferPointer(rebasing: bytes[12..<16]), as: type))
  }
}
