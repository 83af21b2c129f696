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
    var bytes: [UInt8] = []
    bytes.reserveCapacity(256)
    for field in fields { bytes.append(field: field) }
    self.fingerprint = Digest.hexadecimal(Digest(hashing: bytes).bytes.prefix(16))
  }

  init(fingerprint: String) {
    self.fingerprint = fingerprint
  }
}
