/// A value that is no array, and that arrays can hold, NULLs among them.
package protocol PostgresScalar: PostgresValue, PostgresArrayElement {
  /// Appends an array with NULLs, without its length.
  static func writeOptionals(
    _ values: [Self?], as type: PostgresType, into buffer: inout PostgresBuffer)

  /// Reads an array with NULLs, all of `bytes`.
  static func readOptionals(
    _ bytes: UnsafeRawBufferPointer
  ) throws(PostgresValueError) -> [Self?]
}

extension PostgresScalar {
  package static func canWriteArray(as type: PostgresType) -> Bool {
    type.element.map(canWrite(as:)) ?? false
  }

  package static func canReadArray(_ type: PostgresType) -> Bool {
    type.element.map(canRead) ?? false
  }

  package static func writeArray(
    _ values: [Self], as type: PostgresType, into buffer: inout PostgresBuffer
  ) {
    let element = type.element ?? postgresType
    buffer.appendArrayHeader(count: values.count, hasNulls: false, element: element)
    for value in values {
      let start = buffer.count
      buffer.append(0 as Int32)
      value.write(as: element, into: &buffer)
      buffer.patch(Int32(clamping: buffer.count - start - 4), at: start)
    }
  }

  package static func writeOptionals(
    _ values: [Self?], as type: PostgresType, into buffer: inout PostgresBuffer
  ) {
    let element = type.element ?? postgresType
    buffer.appendArrayHeader(count: values.count, hasNulls: true, element: element)
    for value in values {
      let start = buffer.count
      buffer.append(-1 as Int32)
      guard let value else { continue }
      value.write(as: element, into: &buffer)
      buffer.patch(Int32(clamping: buffer.count - start - 4), at: start)
    }
  }

  package static func readArray(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> [Self] {
    try readOptionals(bytes).map { value throws(PostgresValueError) in
      guard let value else { throw PostgresValueError("has a NULL among its elements") }
      return value
    }
  }

  package static func readOptionals(
    _ bytes: UnsafeRawBufferPointer
  ) throws(PostgresValueError) -> [Self?] {
    var reader = PostgresArrayReader(bytes)
    let (element, count) = try reader.header()
    guard canRead(element) else { throw PostgresValueError("holds \(element)") }
    var values: [Self?] = []
    values.reserveCapacity(count)
    for _ in 0..<count {
      guard let value = try reader.next() else {
        values.append(nil)
        continue
      }
      values.append(try read(value, as: element))
    }
    return values
  }
}

extension PostgresBuffer {
  /// An array's start: dimensions, whether NULLs may follow, the elements' type, and the one
  /// dimension's length and lower bound. An empty array has no dimension.
  @inline(__always)
  mutating func appendArrayHeader(count: Int, hasNulls: Bool, element: PostgresType) {
    append(count == 0 ? 0 : 1 as Int32)
    append(hasNulls ? 1 : 0 as Int32)
    append(element.rawValue)
    guard count > 0 else { return }
    append(Int32(clamping: count))
    append(1 as Int32)
  }
}
