/// A parameter on its way to libpq, which wants an address that stays.
final class UntypedParameter {
  let type: UInt32
  let bytes: UnsafeMutablePointer<CChar>?
  let length: Int32
  /// 0 for text, 1 for binary.
  let format: Int32

  init(_ value: (any PostgresValue)?) {
    var buffer = PostgresBuffer(capacity: 64)
    let text = value as? String
    if let value { value.write(as: Swift.type(of: value).postgresType, into: &buffer) }
    let count = buffer.count
    buffer.append(0 as UInt8)  // a text ends with NUL
    format = text == nil ? 1 : 0
    // Without a type the server chooses, and reads the text as that.
    let known = text == nil ? value.map { Swift.type(of: $0).postgresType.rawValue } : nil
    type = known ?? 0
    length = Int32(clamping: count)
    guard value != nil else {
      bytes = nil
      return
    }
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: count + 1)
    UnsafeMutableRawPointer(copy).copyMemory(from: buffer.base, byteCount: count + 1)
    bytes = copy
  }

  deinit {
    bytes?.deallocate()
  }
}
