import TrustBudget

/// The body of `POST /v1/budgets/{budget_id}/resets`.
struct ResetRequest: Decodable {
  let requestID: RequestID
  let reason: String

  init(from decoder: any Decoder) throws {
    let fields = try RequestFields(decoder)
    let requestID = fields.optional("request_id", .text, RequestID.init(_:))
    let reason = fields.required("reason", .text) { try FreeText.validate($0) }
    self.reason = try fields.finish(reason)
    self.requestID = requestID ?? .random()
  }
}
