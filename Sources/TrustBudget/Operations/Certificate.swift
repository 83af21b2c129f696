/// What a CA tells of the certificate that a charge paid for.
package struct Certificate: Hashable, Sendable, Decodable {
  /// The serial number, in decimal; text, because it may exceed what JSON readers keep exactly.
  package let serial: String
  package let keyID: String
  /// As `ssh-keygen -l` prints it: `SHA256:…`.
  package let fingerprint: String
  package let validAfter: String?
  package let validBefore: String?

  package init(
    serial: String, keyID: String, fingerprint: String, validAfter: String?, validBefore: String?
  ) {
    self.serial = serial
    self.keyID = keyID
    self.fingerprint = fingerprint
    self.validAfter = validAfter
    self.validBefore = validBefore
  }

  enum CodingKeys: String, CodingKey {
    case serial
    case keyID = "key_id"
    case fingerprint
    case validAfter = "valid_after"
    case validBefore = "valid_before"
  }

  package var detail: JSONObjectText {
    var detail = JSONObjectText()
    detail.put("serial", serial)
    detail.put("key_id", keyID)
    detail.put("fingerprint", fingerprint)
    if let validAfter { detail.put("valid_after", validAfter) }
    if let validBefore { detail.put("valid_before", validBefore) }
    return detail
  }
}
