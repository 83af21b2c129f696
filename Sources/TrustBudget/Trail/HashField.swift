// How a hash sees a field, in entries, break-glass events and requests, and how a receipt names its
// budget: its length in bytes, a big-endian 32-bit number, and its UTF-8 text. Lengths keep one field
// from running into the next.

extension [UInt8] {
  package mutating func append(field text: String) {
    var text = text
    text.withUTF8 { text in
      append(fieldLength: UInt32(text.count))
      append(contentsOf: text)
    }
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
    Swift.withUnsafeBytes(of: length.bigEndian) { append(contentsOf: $0) }
  }
}
