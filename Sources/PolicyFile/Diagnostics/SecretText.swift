/// Looks for passwords, which a file may hold that is none of ours: diagnostics end up in logs.
enum SecretText {
  private static let words = ["passw", "passphrase", "pgpass", "secret", "token"].map {
    Array($0.utf8)
  }
  private static let scheme = Array("://".utf8)
  /// How far from such a word the name ends that it is in, in bytes.
  private static let longestName = 64

  /// Whether a whole line, or a whole text, may hold a password: in an address, or under a name that says so.
  /// What follows such a word in a value, and a comment, is none.
  static func mayBe(in text: some StringProtocol) -> Bool {
    // Within quotes, YAML lets a word be written with backslashes.
    let bytes = withoutComment(text.utf8.filter { $0 != UInt8(ascii: "\\") }.map(lowercased))
    return bytes.indices.contains { index in
      switch bytes[index] {
      case UInt8(ascii: ":") where bytes[index...].starts(with: scheme):
        hasUser(bytes[(index + scheme.count)...])
      case UInt8(ascii: "p"), UInt8(ascii: "s"), UInt8(ascii: "t"):
        words.contains {
          bytes[index...].starts(with: $0) && isName(before: bytes[(index + $0.count)...])
        }
      default: false
      }
    }
  }

  /// A message without what it quotes, where that may be a password.
  ///
  /// - Parameter isOnSuchLine: whether the line that the message is about may hold one.
  static func hide(in message: String, isOnSuchLine: Bool) -> String {
    guard isOnSuchLine || mayBe(in: message), let first = message.firstIndex(of: "\""),
      // What is required of it stays.
      let last = message.firstRange(of: "\" must ")?.lowerBound ?? message.lastIndex(of: "\""),
      first < last
    else { return message }
    let quoted = message[message.index(after: first)..<last]
    // A key, which says what is wrong.
    guard !quoted.utf8.allSatisfy({ $0 == UInt8(ascii: "_") || isLetter($0) }) else {
      return message
    }
    return message[...first] + "(hidden)" + message[last...]
  }

  /// Whether an address names a user, with a password or without. What was cut off may have been the @.
  private static func hasUser(_ rest: ArraySlice<UInt8>) -> Bool {
    for byte in rest {
      switch byte {
      // The first byte of an ellipsis is no other character's of an address.
      case UInt8(ascii: "@"), 0xE2: return true
      case UInt8(ascii: " "), UInt8(ascii: "\""), UInt8(ascii: "'"): return false
      default: break
      }
    }
    return false
  }

  /// Whether a name ends here, behind which its value comes: `pgpassword=x`, `api_token: x`, `"token":"x"`.
  private static func isName(before rest: ArraySlice<UInt8>) -> Bool {
    var rest = rest.prefix(longestName).drop {
      isLetter($0) || isDigit($0) || "_-".utf8.contains($0)
    }
    let isQuoted = rest.first == UInt8(ascii: "\"") || rest.first == UInt8(ascii: "'")
    if isQuoted { rest = rest.dropFirst() }
    rest = rest.drop { $0 == UInt8(ascii: " ") }
    switch rest.first {
    case UInt8(ascii: "="): return true
    case UInt8(ascii: ":"):
      let next = rest.dropFirst().first
      return isQuoted || next == nil || next == UInt8(ascii: " ")
    default: return false
    }
  }

  private static func withoutComment(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    let start = bytes.indices.first { index in
      bytes[index] == UInt8(ascii: "#") && (index == 0 || bytes[index - 1] == UInt8(ascii: " "))
    }
    return bytes[..<(start ?? bytes.endIndex)]
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}
