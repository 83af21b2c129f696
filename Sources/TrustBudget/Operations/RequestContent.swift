/// What a caller asked, boiled down so that a repeated request can be told from another one that
/// carries the same id.
///
/// It covers the request as the caller sent it and not the terms that a policy made of it: a retry
/// after a change of policy still gets its original receipt.
package struct RequestContent: Hashable, Sendable {
  /// 32 hexadecimal digits: the first half of a SHA-256.
  package let fingerprint: String

  /// - Parameter fields: every field that makes the request what it is, in a fixed order.
  package init(_ fields: [String?]) {
    self.init(fingerprint: Self.fingerprint(of: fields))
  }

  /// - Parameters:
  ///   - fields: every other field that makes the request what it is, in a fixed order.
  ///   - sets: two lists of names whose order means nothing, nor that one is there twice: whoever writes
  ///     a set down need not write it alike again.
  package init(_ fields: [String?], sets: ([String], [String])) {
    let one = Set(sets.0).sorted()
    let other = Set(sets.1).sorted()
    self.init(fields + [String(one.count)] + one + other)
  }

  init(fingerprint: String) {
    self.fingerprint = fingerprint
  }

  private static func fingerprint(of fields: [String?]) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(256)
    for field in fields { bytes.append(field: field) }
    return Digest.hexadecimal(Digest(hashing: bytes).bytes.prefix(16))
  }
}
