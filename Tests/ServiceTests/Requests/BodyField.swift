import Testing

/// A call with a body, and a valid body for it.
struct BodyCall: Sendable, CustomTestStringConvertible {
  let path: String
  /// The fields and their JSON, in order.
  let fields: [(key: String, json: String)]
  /// What surrounds the object with the fields.
  var frame: (before: String, after: String) = ("", "")

  var testDescription: String { "POST \(path)" }

  func body(_ fields: [(key: String, json: String)]) -> String {
    let members = fields.map { #""\#($0.key)":\#($0.json)"# }.joined(separator: ",")
    return "\(frame.before){\(members)}\(frame.after)"
  }

  private static let chargeFields = [
    ("request_id", #""r-1""#), ("username", #""alice""#), ("budget_id", #""user:alice""#),
    ("cost", "1"), ("initial_balance", "10"), ("reset_interval_hours", "24"),
  ]

  static let authorization = BodyCall(
    path: "/v1/authorizations",
    fields: [
      ("request_id", #""r-2""#), ("username", #""dev-alice""#), ("email", #""a@example.com""#),
      ("oidc_groups", #"["x"]"#), ("source_ip", #""10.0.0.1""#), ("webauthn_id", #""key""#),
      ("requested_duration", #""5m""#), ("requested_principals", #"["user"]"#),
      ("dry_run", "false"),
    ])
  static let charge = BodyCall(path: "/v1/charges", fields: chargeFields)
  static let batch = BodyCall(path: "/v1/charges/batch", fields: [("charges", "[]")])
  /// The second of two charges.
  static let charges = BodyCall(
    path: "/v1/charges/batch", fields: chargeFields,
    frame: (#"{"charges":[{"username":"bob","budget_id":"user:bob"},"#, "]}"))
  static let settlement = BodyCall(
    path: "/v1/charges/victim/settlement",
    fields: [
      ("serial", "1"), ("key_id", #""k""#), ("fingerprint", #""SHA256:f""#),
      ("valid_after", #""2026-01-01T00:00:00Z""#), ("valid_before", #""2026-01-02T00:00:00Z""#),
    ])
  static let refund = BodyCall(
    path: "/v1/charges/victim/refund", fields: [("reason", #""none""#)])
  static let adjustment = BodyCall(
    path: "/v1/budgets/victim/adjustments",
    fields: [("request_id", #""r-3""#), ("points", "1"), ("reason", #""none""#)])
  static let reset = BodyCall(
    path: "/v1/budgets/victim/resets",
    fields: [("request_id", #""r-4""#), ("reason", #""none""#)])

  static let all = [authorization, charge, batch, settlement, refund, adjustment, reset]
}

/// A field of a call, and what it must not accept.
struct BodyField: Sendable, CustomTestStringConvertible {
  let call: BodyCall
  let key: String
  let garbage: [Garbage]
  let isRequired: Bool

  init(_ call: BodyCall, _ key: String, _ garbage: [Garbage], required: Bool = false) {
    self.call = call
    self.key = key
    self.garbage = garbage
    self.isRequired = required
  }

  var testDescription: String { "\(name) of \(call.testDescription)" }

  /// As problems name it.
  var name: String { call.frame.before.isEmpty ? key : "charges[1].\(key)" }

  var validJSON: String { call.fields.first { $0.key == key }?.json ?? "" }

  /// The call's valid body, but for this field.
  func body(with json: String) -> String {
    call.body(call.fields.map { ($0.key, $0.key == key ? json : $0.json) })
  }

  func bodyWithout() -> String {
    call.body(call.fields.filter { $0.key != key })
  }

  static let all: [BodyField] =
    [
      BodyField(.authorization, "request_id", Garbage.forRequestID),
      BodyField(.authorization, "username", Garbage.forText, required: true),
      BodyField(.authorization, "email", Garbage.forText),
      BodyField(.authorization, "oidc_groups", Garbage.forTexts),
      BodyField(.authorization, "source_ip", Garbage.forPattern),
      BodyField(.authorization, "webauthn_id", Garbage.forText),
      BodyField(.authorization, "requested_duration", Garbage.forPattern),
      BodyField(.authorization, "requested_principals", Garbage.forTexts),
      BodyField(.authorization, "dry_run", Garbage.forFlag),
      BodyField(.batch, "charges", Garbage.forCharges, required: true),
      BodyField(.settlement, "serial", Garbage.forSerial, required: true),
      BodyField(.settlement, "key_id", Garbage.forText, required: true),
      BodyField(.settlement, "fingerprint", Garbage.forText, required: true),
      BodyField(.settlement, "valid_after", Garbage.forPattern),
      BodyField(.settlement, "valid_before", Garbage.forPattern),
      BodyField(.refund, "reason", Garbage.forFreeText),
      BodyField(.adjustment, "request_id", Garbage.forRequestID),
      BodyField(.adjustment, "points", Garbage.forSignedPoints, required: true),
      BodyField(.adjustment, "reason", Garbage.forFreeText, required: true),
      BodyField(.reset, "request_id", Garbage.forRequestID),
      BodyField(.reset, "reason", Garbage.forFreeText, required: true),
    ]
    + [BodyCall.charge, .charges].flatMap { call in
      [
        BodyField(call, "request_id", Garbage.forRequestID),
        BodyField(call, "username", Garbage.forText, required: true),
        BodyField(call, "budget_id", Garbage.forText, required: true),
        BodyField(call, "cost", Garbage.forPoints),
        BodyField(call, "initial_balance", Garbage.forPoints),
        BodyField(call, "reset_interval_hours", Garbage.forHours),
      ]
    }
}
