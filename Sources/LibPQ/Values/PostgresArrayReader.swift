/// Walks through an array in PostgreSQL's binary format, and believes none of its lengths.
struct PostgresArrayReader {
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// Reads the start of the array.
  mutating func header() throws(PostgresValueError) -> (element: PostgresType, count: Int) {
    let dimensions = try integer()
    _ = try integer()
    let element = PostgresType(rawValue: UInt32(bitPattern: try integer()))
    guard dimensions > 0 else { return (element, 0) }
    guard dimensions == 1 else {
      throw PostgresValueError("is an array of \(dimensions) dimensions; one is supported")
    }
    let count = Int(try integer())
    _ = try integer()
    // Each element takes four bytes at least.
    guard count >= 0, count <= (bytes.count - offset) / 4 else { throw truncated }
    return (element, count)
  }

  /// Reads an element's bytes; nil for NULL.
  mutating func next() throws(PostgresValueError) -> UnsafeRawBufferPointer? {
    let length = Int(try integer())
    guard length >= 0 else { return nil }
    guard length <= bytes.count - offset else { throw truncated }
    defer { offset += length }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
  }

  private mutating func integer() throws(PostgresValueError) -> Int32 {
    guard bytes.count - offset >= 4 else { throw truncated }
    defer { offset += 4 }
    return Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
  }

  private var truncated: PostgresValueError { PostgresValueError("is a truncated array") }
}
