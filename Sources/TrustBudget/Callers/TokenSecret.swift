import FoundationEssentials

/// A token, as its holder has it: `tb_` and 32 random bytes in base64url.
///
/// It is shown once, when it is made. What is kept of it is its digest; 256 random bits need no salt.
package struct TokenSecret: Sendable, CustomStringConvertible {
  /// By which people and scanners recognize a token that lies where it should not.
  package static let prefix = "tb_"
  /// In bytes.
  package static let length = prefix.utf8.count + 43

  /// The token itself: for its holder's eyes.
  package let text: String

  /// - Returns: nil for what is no token, whatever its digest.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count == TokenSecret.length, text.hasPrefix(TokenSecret.prefix),
      text.utf8.allSatisfy(TokenSecret.isAllowed)
    else { return nil }
    self.text = String(text)
  }

  private init(unchecked text: String) {
    self.text = text
  }

  /// A new one, from the operating system's randomness.
  package static func random() -> TokenSecret {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<Digest.count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    let letters = Data(bytes).base64EncodedString().compactMap { letter -> Character? in
      switch letter {
      case "+": "-"
      case "/": "_"
      case "=": nil
      default: letter
      }
    }
    return TokenSecret(unchecked: prefix + String(letters))
  }

  /// The SHA-256 of its text.
  package var digest: Digest { Digest(hashing: Array(text.utf8)) }

  /// Not the token: whatever prints this by mistake gives nothing away.
  package var description: String { "\(TokenSecret.prefix)…" }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
