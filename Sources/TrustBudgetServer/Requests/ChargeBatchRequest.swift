import TrustBudget

/// The body of `POST /v1/charges/batch`: up to 1,000 charges, each decided on its own.
struct ChargeBatchRequest: Decodable {
  /// The most charges in one batch.
  static let maximumCharges = 1_000

  let charges: [ChargeRequest]

  init(from decoder: any Decoder) throws {
    let fields = try RequestFields(decoder)
    let charges = fields.required(
      "charges", FieldType<Members>(requirement: "must be a list of charges")
    ) { $0.charges }
    self.charges = try fields.finish(charges)
  }

  private struct Members: Decodable {
    let charges: [ChargeRequest]

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      var charges: [ChargeRequest] = []
      var problems: [FieldProblem] = []
      while !list.isAtEnd {
        let index = list.currentIndex
        guard index < ChargeBatchRequest.maximumCharges else {
          throw InvalidValue("must have at most \(ChargeBatchRequest.maximumCharges) members")
        }
        let member = try list.superDecoder()
        do {
          charges.append(
            try ChargeRequest(fields: RequestFields(member, prefix: "charges[\(index)].")))
        } catch let error as FieldProblems {
          problems += error.list
        }
      }
      guard problems.isEmpty else { throw FieldProblems(list: problems) }
      guard !charges.isEmpty else { throw InvalidValue("must not be empty") }
      self.charges = charges
    }
  }
}
