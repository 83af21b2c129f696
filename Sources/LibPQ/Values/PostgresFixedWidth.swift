/// A value that always takes the same number of bytes, so that an array of them is one run of
/// memory whose size is known beforehand. Charges travel in such arrays.
protocol PostgresFixedWidth: PostgresScalar {
  static var width: Int { get }
  func store(at address: UnsafeMutableRawPointer)
}

extension PostgresFixedWidth {
  @inline(__always)
  package func write(as type: PostgresType, into buffer: inout PostgresBuffer) {
    store(at: buffer.extend(by: Self.width))
  }

  package static func writeArray(
    _ values: [Self], as type: PostgresType, into buffer: inout PostgresBuffer
  ) {
    buffer.appendArrayHeader(
      count: values.count, hasNulls: false, element: type.element ?? postgresType)
    let width = width
    let length = Int32(width).bigEndian
    var address = buffer.extend(by: values.count * (4 + width))
    for value in values {
      address.storeBytes(of: length, as: Int32.self)
      value.store(at: address + 4)
      address += 4 + width
    }
  }
}

extension FixedWidthInteger {
  @inline(__always)
  func store(at address: UnsafeMutableRawPointer) {
    address.storeBytes(of: bigEndian, as: Self.self)
  }

  @inline(__always)
  static func load(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> Self {
    guard bytes.count == MemoryLayout<Self>.size else {
      throw PostgresValueError.length(bytes, for: type)
    }
    return Self(bigEndian: bytes.loadUnaligned(as: Self.self))
  }
}
