import PolicyFile

/// What the Host field may hold: RFC 9112, 3.2, and RFC 3986, 3.2.2. On every request's way, so without patterns.
enum HostField {
  /// Whether `value` is `uri-host [":" port]`; the host may be empty. Of IP literals, those that there are: IPv6.
  static func isValid(_ value: String) -> Bool {
    var rest = Substring(value).utf8.drop(while: isBlank)
    // The parser leaves those at the end.
    while rest.last.map(isBlank) == true { rest.removeLast() }
    if rest.first == UInt8(ascii: "[") {
      guard let end = rest.firstIndex(of: UInt8(ascii: "]")),
        isIPv6(Substring(rest[..<end].dropFirst()))
      else { return false }
      rest = rest[end...].dropFirst()
    } else {
      let end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
      guard isName(rest[..<end]) else { return false }
      rest = rest[end...]
    }
    guard let colon = rest.popFirst() else { return true }
    return colon == UInt8(ascii: ":") && rest.allSatisfy(isDigit)
  }

  private static func isIPv6(_ text: Substring) -> Bool {
    text.utf8.contains(UInt8(ascii: ":")) && (try? IPAddress(String(text))) != nil
  }

  /// A registered name, or an IPv4 address.
  private static func isName(_ bytes: Substring.UTF8View) -> Bool {
    var rest = bytes
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        guard rest.popFirst().map(isHexDigit) == true, rest.popFirst().map(isHexDigit) == true
        else { return false }
      } else if !isDigit(byte), !isLetter(byte), !marks.contains(byte) {
        return false
      }
    }
    return true
  }

  /// The marks among the unreserved characters, and the delimiters of parts.
  private static let marks = Array("-._~!$&'()*+,;=".utf8)

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
  private static func isHexDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x61...0x66).contains(byte | 0x20)
  }
}
