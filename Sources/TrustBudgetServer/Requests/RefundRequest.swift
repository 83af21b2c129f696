import TrustBudget

/// The body of `POST /v1/charges/{request_id}/refund`.
struct RefundRequest: Decodable {
  let reason: String?

  init(from decoder: any Decoder) throws {
    let fields = try RequestFields(decoder)
    let reason = fields.optional("reason", .text) { try FreeText.validate($0) }
    try fields.finish()
    self.reason = reason
  }
}
