import Crypto

/// A SHA-256 value: an entry's place in its chain, or the identity of a policy file.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
  /// Its length in bytes.
  package static let count = 32

  /// Where every chain begins: 32 zero bytes.
  package static let zero = [UInt8](repeating: 0, count: count).withUnsafeBytes {
    Digest(unchecked: $0)
  }

  // Not an array, which each digest of each entry would allocate and count. As the bytes lie in memory.
  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  private init(unchecked bytes: UnsafeRawBufferPointer) {
    (first, second, third, fourth) = bytes.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self)
  }

  /// - Returns: nil unless there are exactly 32 bytes.
  package init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Digest.count else { return nil }
    self.init(unchecked: bytes)
  }

  /// - Returns: nil unless there are exactly 32 bytes.
  package init?(bytes: [UInt8]) {
    guard let digest = bytes.withUnsafeBytes({ Digest($0) }) else { return nil }
    self = digest
  }

  /// The SHA-256 of `content`.
  package init(hashing content: [UInt8]) {
    self = content.withUnsafeBytes { Digest(hashing: $0) }
  }

  /// The SHA-256 of the bytes that lie there.
  init(hashing content: UnsafeRawBufferPointer) {
    var hash = SHA256()
    hash.update(bufferPointer: content)
    self = hash.finalize().withUnsafeBytes { Digest(unchecked: $0) }
  }

  /// Its 32 bytes.
  package var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

  /// Its 32 bytes, where they lie.
  package func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try Swift.withUnsafeBytes(of: (first, second, third, fourth), body)
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
