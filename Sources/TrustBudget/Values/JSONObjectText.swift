/// Writes a JSON object, one member after another, in the order in which they are put.
///
/// An entry's `detail` is part of what its hash covers, so the form must not depend on an encoder's
/// mood; and it is written for every entry and every answer, where a general encoder would cost more
/// than the rest of the work.
package struct JSONObjectText: Hashable, Sendable {
  private var bytes: [UInt8] = [UInt8(ascii: "{")]

  package init() {}

  /// The finished object.
  package var text: String {
    String(unsafeUninitializedCapacity: bytes.count + 1) { text in
      let (_, end) = text.initialize(from: bytes)
      text[end] = UInt8(ascii: "}")
      return bytes.count + 1
    }
  }

  /// Puts a member that is null where there is no value.
  package mutating func put(_ name: StaticString, _ value: String?) {
    guard let value else { return putNull(name) }
    putName(name)
    putString(value)
  }

  /// Puts a member that is null where there is no value.
  package mutating func put(_ name: StaticString, _ value: Int64?) {
    put(name, json: value.map(String.init) ?? "null")
  }

  /// Puts a member that is null where there is no moment.
  package mutating func put(_ name: StaticString, _ moment: Timestamp?) {
    put(name, moment?.description)
  }

  package mutating func put(_ name: StaticString, _ value: Bool) {
    put(name, json: value ? "true" : "false")
  }

  package mutating func put(_ name: StaticString, _ values: [String]) {
    putName(name)
    putList(values)
  }

  /// Puts a list of objects.
  package mutating func put(_ name: StaticString, _ objects: [JSONObjectText]) {
    putName(name)
    bytes.append(UInt8(ascii: "["))
    for (index, object) in objects.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: object.bytes)
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(UInt8(ascii: "]"))
  }

  /// Puts a member that is there and says nothing.
  package mutating func putNull(_ name: StaticString) { put(name, json: "null") }

  /// Puts a member whose value is JSON text already.
  package mutating func put(_ name: StaticString, json: String) {
    putName(name)
    bytes.append(contentsOf: json.utf8)
  }

  package mutating func put(_ name: StaticString, _ object: JSONObjectText) {
    putName(name)
    bytes.append(contentsOf: object.bytes)
    bytes.append(UInt8(ascii: "}"))
  }

  /// Puts the members of another object into this one.
  package mutating func put(membersOf other: JSONObjectText) {
    guard other.bytes.count > 1 else { return }
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    bytes.append(contentsOf: other.bytes.dropFirst())
  }

  /// A list of texts by itself: `["bob","eve"]`.
  package static func list(_ values: [String]) -> String {
    var text = JSONObjectText()
    text.bytes = []
    text.putList(values)
    return String(decoding: text.bytes, as: UTF8.self)
  }

  private mutating func putList(_ values: [String]) {
    bytes.append(UInt8(ascii: "["))
    for (index, value) in values.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      putString(value)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  private mutating func putName(_ name: StaticString) {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func putString(_ value: String) {
    bytes.append(UInt8(ascii: "\""))
    defer { bytes.append(UInt8(ascii: "\"")) }
    var value = value
    let isPlain = value.withUTF8 { text in
      guard text.allSatisfy(JSONObjectText.isPlain) else { return false }
      bytes.append(contentsOf: text)
      return true
    }
    if isPlain { return }
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20, 0x7F:
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(contentsOf: Digest.hexadecimal([byte]).utf8)
      case 0xBF where bytes.suffix(2) == [0xEF, 0xBB]:
        // Foundation's reader takes U+FEFF for a byte order mark in places, and drops it.
        bytes.removeLast(2)
        bytes.append(contentsOf: "\\ufeff".utf8)
      default:
        bytes.append(byte)
      }
    }
  }

  /// Whether a byte stands for itself, whatever is beside it.
  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }
}
