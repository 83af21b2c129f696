/// Looks for passwords, which a file may hold that is none of ours: diagnostics end up in logs.
enum SecretText {
  private static let words = ["passw", "passphrase", "pgpass", "secret", "token"]
  /// How far from such a word its name ends, in characters.
  private static let longestName = 64

  /// Whether a whole line, or a whole text, may hold a password.
  static func mayBe(in text: some StringProtocol) -> Bool {
    // Within quotes, YAML lets a word be written with backslashes.
    let text = text.lowercased().filter { $0 != "\\" }
    if words.contains(where: { names($0, in: text) }) { return true }
    guard let scheme = text.firstRange(of: "://") else { return false }
    // What was cut off may have been the @.
    return text[scheme.upperBound...].contains { "@…".contains($0) }
  }

  /// Whether a word stands in the name of something: `pgpassword=…`, `"api_token": …`.
  private static func names(_ word: String, in text: String) -> Bool {
    text.ranges(of: word).contains { range in
      let next = text[range.upperBound...].prefix(longestName).first {
        !$0.isLetter && !$0.isNumber && !"_-'\" ".contains($0)
      }
      return next == ":" || next == "="
    }
  }

  /// A message without what it quotes, where that may be a password.
  ///
  /// - Parameter isOnSuchLine: whether the line that the message is about may hold one.
  static func hide(in message: String, isOnSuchLine: Bool) -> String {
    guard isOnSuchLine || mayBe(in: message), let first = message.firstIndex(of: "\""),
      let last = message.lastIndex(of: "\""), first < last
    else { return message }
    let quoted = message[message.index(after: first)..<last]
    // A key, which says what is wrong.
    guard !quoted.utf8.allSatisfy({ $0 == UInt8(ascii: "_") || isLetter($0) }) else {
      return message
    }
    return message[...first] + "(hidden)" + message[last...]
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}
