import PolicyFile
import Testing
import TrustBudget

/// Policies and requests that several suites use.
enum Samples {
  /// From the user's description, as it stands there.
  static let described = """
    policies:
      - name: Developer
        match:
          local_usernames: ["*"]
        principals: ["user"]
        max_duration: "15m"
        # Trust Budget (Experimental)
        trust_budget:
          budget_id: "user:${username}"  # Per-user budget
          cost: 1                        # Cost per issuance
          initial_balance: 100           # Starting balance
          reset_interval_hours: 24       # Optional reset interval
    """

  /// Everything that a policy can say.
  static let full = """
    default:
      principals: ["sandbox"]
      max_duration: "15m"
    policies:
      - name: Developer
        match:
          local_usernames: ["*"]
          emails: ["*@example.com"]
          oidc_groups: ["developers"]
          source_ip: ["10.0.0.0/8"]
          hours: ["08:00-20:00"]
          webauthn_ids: ["key-1"]
        principals: ["user"]
        max_duration: "15m"
        trust_budget:
          budget_id: "user:${username}"
          cost: 1
          initial_balance: 100
          reset_interval_hours: 24
          enforcement: enforce
          overrides:
            - budget_ids: ["user:ci-*"]
              initial_balance: 1000
              reset_interval_hours: 1
    break_glass:
      principals: ["root"]
      max_duration: "60s"
      min_approvers: 0
    """

  /// A rule for everybody, with `lines` added to it, and `match` as its conditions.
  static func rule(match: String? = nil, _ lines: String = "") -> String {
    let added = lines.split(separator: "\n", omittingEmptySubsequences: false)
      .map { "\n    \($0)" }.joined()
    return """
      policies:
        - name: Rule
          principals: ["user", "admin"]
          max_duration: 1h
      """ + (match.map { "\n    match: {\($0)}" } ?? "") + (lines.isEmpty ? "" : added)
  }

  /// 2026-01-02 at a time of day.
  static func moment(_ time: String = "12:00") throws -> Timestamp {
    try #require(Timestamp("2026-01-02T\(time):00Z"))
  }

  static func request(_ username: String = "alice") throws -> IssuanceRequest {
    IssuanceRequest(username: try Username(username))
  }
}

extension Policy {
  init(_ yaml: String) throws {
    try self.init(yaml: Array(yaml.utf8), fileName: "policy.yaml")
  }

  /// What is wrong with `yaml`.
  static func problems(_ yaml: [UInt8]) -> [FileDiagnostic] {
    do throws(FileDiagnostics) {
      return try Policy(yaml: yaml, fileName: "policy.yaml").warnings.all
    } catch {
      return error.all
    }
  }

  static func problems(_ yaml: String) -> [FileDiagnostic] { problems(Array(yaml.utf8)) }
}

extension Policy {
  func verdict(
    _ request: IssuanceRequest, at now: Timestamp
  ) -> Result<Grant, Refusal> {
    Result { () throws(Refusal) in try evaluate(request, at: now) }
  }
}

extension Result<Grant, Refusal> {
  var grant: Grant? { try? get() }

  var refusal: Refusal? {
    if case .failure(let refusal) = self { refusal } else { nil }
  }
}

/// The same numbers on every run: Steele, Lea and Flood's SplitMix64.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
