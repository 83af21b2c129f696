import TrustBudget

/// The body of `POST /v1/charges/{request_id}/settlement`: the certificate that was signed.
struct SettlementRequest: Decodable {
  let certificate: Certificate

  init(from decoder: any Decoder) throws {
    let fields = try RequestFields(decoder)
    let serial = fields.required("serial", .serialNumber) { $0.decimal }
    let keyID = fields.required("key_id", .text) { try IdentityText.validate($0) }
    let fingerprint = fields.required("fingerprint", .text) { try IdentityText.validate($0) }
    let validAfter = fields.optional("valid_after", .text, SettlementRequest.moment(_:))
    let validBefore = fields.optional("valid_before", .text, SettlementRequest.moment(_:))
    let signed = try fields.finish(serial, keyID, fingerprint)
    self.certificate = Certificate(
      serial: signed.0, keyID: signed.1, fingerprint: signed.2, validAfter: validAfter,
      validBefore: validBefore)
  }

  static func moment(_ text: String) throws(InvalidValue) -> String {
    guard let moment = Timestamp(rfc3339: text) else {
      throw InvalidValue("must be an RFC 3339 time in UTC, like 2026-01-02T03:04:05Z")
    }
    return moment.description
  }
}

/// A certificate's serial number: 64 bits, which JSON's numbers do not hold, so text will do too.
struct SerialNumber: Decodable {
  let decimal: String

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    let text = try (try? value.decode(String.self)) ?? String(value.decode(UInt64.self))
    guard text.utf8.count <= 20, let first = text.utf8.first, first != UInt8(ascii: "+"),
      first != UInt8(ascii: "-"), let number = UInt64(text)
    else {
      throw InvalidValue(FieldType<SerialNumber>.serialNumber.requirement)
    }
    self.decimal = String(number)
  }
}

extension FieldType where Raw == SerialNumber {
  static var serialNumber: Self {
    Self(
      requirement: "must be a serial number from 0 to 2^64 - 1, as a number or as text",
      isWhole: true)
  }
}
