// How a hash sees a field, in entries and in break-glass events: its length in bytes, a big-endian
// 32-bit number, and its UTF-8 text. Lengths keep one field from running into the next.

extension [UInt8] {
  mutating func append(field text: String) {
    append(fieldLength: UInt32(text.utf8.count))
    append(contentsOf: text.utf8)
  }

  /// NULL is the length 0xFFFFFFFF and nothing else.
  mutating func append(field text: String?) {
    if let text {
      append(field: text)
    } else {
      append(fieldLength: .max)
    }
  }

  private mutating func append(fieldLength length: UInt32) {
    append(UInt8(truncatingIfNeeded: length >> 24))
    append(UInt8(truncatingIfNeeded: length >> 16))
    append(UInt8(truncatingIfNeeded: length >> 8))
    append(UInt8(truncatingIfNeeded: length))
  }
}
