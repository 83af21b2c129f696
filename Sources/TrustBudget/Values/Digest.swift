import Crypto

/// A SHA-256 value: an entry's place in its chain, or the identity of a policy file.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
  /// Its length in bytes.
  package static let count = 32

  /// Exactly 32 bytes.
  package let bytes: [UInt8]

  /// Where every chain begins: 32 zero bytes.
  package static let zero = Digest(unchecked: [UInt8](repeating: 0, count: Digest.count))

  /// - Returns: nil unless there are exactly 32 bytes.
  package init?(bytes: [UInt8]) {
    guard bytes.count == Digest.count else { return nil }
    self.bytes = bytes
  }

  private init(unchecked bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The SHA-256 of `content`.
  package init(hashing content: [UInt8]) {
    self.bytes = SHA256.hash(data: content).withUnsafeBytes { Array($0) }
  }

  /// 64 lower-case hexadecimal digits.
  package var hexadecimal: String { Digest.hexadecimal(bytes) }

  package var description: String { hexadecimal }

  static func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
    func digit(_ nibble: UInt8) -> UInt8 {
      nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
    return String(unsafeUninitializedCapacity: bytes.count * 2) { text in
      var length = 0
      for byte in bytes {
        text[length] = digit(byte >> 4)
        text[length + 1] = digit(byte & 15)
        length += 2
      }
      return length
    }
  }
}
