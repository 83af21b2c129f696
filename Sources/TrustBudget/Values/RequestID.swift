import FoundationEssentials

/// The caller's name for one attempt: what makes a repeated request the same request.
package struct RequestID: Hashable, Sendable, CustomStringConvertible {
  /// The longest request id, in characters.
  static let maximumLength = 128

  package let value: String

  /// - Throws: `InvalidValue` unless it is 1 to 128 visible ASCII characters.
  package init(_ value: String) throws(InvalidValue) {
    guard (1...RequestID.maximumLength).contains(value.utf8.count),
      value.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      throw InvalidValue("must be 1 to \(RequestID.maximumLength) visible ASCII characters")
    }
    self.value = value
  }

  private init(unchecked value: String) {
    self.value = value
  }

  /// An id for an attempt that came without one: 32 hexadecimal digits, of which the first twelve
  /// are the time in milliseconds since 1970 and the others random.
  ///
  /// With the time in front, ids that are made together are neighbours in the ledger's index, which
  /// is then written in one place and not all over.
  package static func random() -> RequestID {
    let milliseconds = UInt64(max(0, Date().timeIntervalSince1970 * 1_000))
    let (first, second) = RandomReserve.takePair()
    let words = ((milliseconds << 16 | first >> 48).bigEndian, second.bigEndian)
    return RequestID(unchecked: withUnsafeBytes(of: words) { Digest.hexadecimal($0) })
  }

  package var description: String { value }
}
