// How a hash sees a field, in entries, break-glass events and requests, and how a receipt names its
// budget: its length in bytes, a big-endian 32-bit number, and its UTF-8 text. Lengths keep one field
// from running into the next.

/// Writes fields into memory, one after another.
///
/// Every charge is hashed by the node that makes it, and again by every node that copies it: appending
/// to an array, which asks for each piece whether it may and where to, costs more than the hash does.
struct FieldWriter {
  private var position: UnsafeMutableRawPointer
  private let start: UnsafeMutableRawPointer
  private let end: UnsafeMutableRawPointer

  /// - Parameter memory: room for all that is to be written; where it ends, the program does.
  init(into memory: UnsafeMutableRawBufferPointer) {
    guard let start = memory.baseAddress else { preconditionFailure("no memory to write to") }
    (self.start, position, end) = (start, start, start + memory.count)
  }

  /// What was written so far.
  var written: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: start, count: position - start)
  }

  @inline(__always)
  mutating func put(_ text: String) {
    var text = text
    text.withUTF8 { text in
      put(length: UInt32(text.count))
      put(bytes: UnsafeRawBufferPointer(text))
    }
  }

  /// NULL is the length 0xFFFFFFFF and nothing else.
  @inline(__always)
  mutating func put(_ text: String?) {
    if let text { put(text) } else { put(length: .max) }
  }

  /// A number is its decimal digits, after a minus where there is one.
  mutating func put(_ number: Int64) {
    var rest = number.magnitude
    var length = number < 0 ? 1 : 0
    repeat {
      length += 1
      rest /= 10
    } while rest > 0
    put(length: UInt32(length))
    reserve(length)
    rest = number.magnitude
    var place = length
    repeat {
      place -= 1
      let digit = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      position.storeBytes(of: digit, toByteOffset: place, as: UInt8.self)
      rest /= 10
    } while rest > 0
    if number < 0 { position.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self) }
    position += length
  }

  /// Bytes as they are, without a length.
  @inline(__always)
  mutating func put(bytes: UnsafeRawBufferPointer) {
    guard let first = bytes.baseAddress else { return }
    reserve(bytes.count)
    position.copyMemory(from: first, byteCount: bytes.count)
    position += bytes.count
  }

  @inline(__always)
  private mutating func put(length: UInt32) {
    reserve(4)
    position.storeBytes(of: length.bigEndian, as: UInt32.self)
    position += 4
  }

  @inline(__always)
  private func reserve(_ count: Int) {
    precondition(end - position >= count, "a field is larger than the room for it")
  }
}

extension [UInt8] {
  package mutating func append(field text: String) {
    append(atMost: 4 + text.utf8.count) { $0.put(text) }
  }

  /// NULL is the length 0xFFFFFFFF and nothing else.
  mutating func append(field text: String?) {
    append(atMost: 4 + (text?.utf8.count ?? 0)) { $0.put(text) }
  }

  private mutating func append(atMost size: Int, _ write: (inout FieldWriter) -> Void) {
    append(addingCapacity: size) { span in
      span.withUnsafeMutableBufferPointer { memory, count in
        let room = UnsafeMutableBufferPointer(rebasing: memory[count...])
        var writer = FieldWriter(into: UnsafeMutableRawBufferPointer(room))
        write(&writer)
        count += writer.written.count
      }
    }
  }
}
