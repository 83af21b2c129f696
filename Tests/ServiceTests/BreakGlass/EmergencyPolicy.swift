/// The sample policy with a way for emergencies.
enum EmergencyPolicy {
  static let text = policy(minApprovers: 0)

  /// - Parameter more: further lines of the section, indented by two.
  static func policy(minApprovers: Int, _ more: String = "") -> String {
    SamplePolicy.text + """

      break_glass:
        principals: ["root", "rescue"]
        max_duration: "60s"
        min_approvers: \(minApprovers)
        allowed_usernames: ["dev-*", "oncall-*"]

      """ + more
  }
}

extension Reachable {
  /// Asks for an emergency certificate.
  func breakGlass(_ username: String, _ more: JSON = [:]) async throws -> Reply {
    var body: [String: JSON] = ["username": .text(username), "reason": "the database is down"]
    if case .object(let members) = more { body.merge(members) { _, more in more } }
    return try await post("/v1/break-glass", .object(body))
  }
}

extension Service {
  /// The request ids in `break_glass_events`, whose chains must verify.
  func emergencies() async throws -> [String] {
    try await database.emergencies()
  }
}
