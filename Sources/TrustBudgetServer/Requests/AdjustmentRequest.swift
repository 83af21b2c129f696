import TrustBudget

/// The body of `POST /v1/budgets/{budget_id}/adjustments`.
struct AdjustmentRequest: Decodable {
  let requestID: RequestID
  let points: Int64
  let reason: String

  init(from decoder: any Decoder) throws {
    let fields = try RequestFields(decoder)
    let requestID = fields.optional("request_id", .text, RequestID.init(_:))
    let points = fields.required("points", .signedPoints) { $0 }
    let reason = fields.required("reason", .text) { try FreeText.validate($0) }
    (self.points, self.reason) = try fields.finish(points, reason)
    self.requestID = requestID ?? .random()
  }
}
