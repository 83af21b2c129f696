import Foundation

/// What a CA knows of somebody who asks for a certificate.
public struct AuthorizationRequest: Encodable, Sendable {
  /// Makes a repeated request the same request.
  public var requestID: String
  /// Who asks.
  public var username: String
  /// The requester's e-mail address.
  public var email: String?
  /// The requester's groups.
  public var oidcGroups: [String]?
  /// The requester's address.
  public var sourceIP: String?
  /// The id of the requester's security key.
  public var webauthnID: String?
  /// How long the certificate shall be valid, `15m`; nil: as long as the rule allows.
  public var requestedDuration: String?
  /// Principals of the certificate; nil: all that the rule allows.
  public var requestedPrincipals: [String]?

  /// - Parameters:
  ///   - requestID: a new one for each attempt.
  ///   - username: who asks.
  public init(requestID: String = UUID().uuidString.lowercased(), username: String) {
    self.requestID = requestID
    self.username = username
  }

  enum CodingKeys: String, CodingKey {
    case requestID = "request_id"
    case username, email
    case oidcGroups = "oidc_groups"
    case sourceIP = "source_ip"
    case webauthnID = "webauthn_id"
    case requestedDuration = "requested_duration"
    case requestedPrincipals = "requested_principals"
  }
}

/// The node's yes.
public struct Authorization: Decodable, Sendable {
  /// The attempt's id: what settlement and refund refer to.
  public let requestID: String
  /// The policy rule that matched.
  public let rule: String?
  /// What the certificate may name.
  public let principals: [String]
  /// The longest validity, as ssh-keygen's `-V +…` takes it.
  public let maxDuration: String
  /// What was taken, from each budget; empty where the rule has none.
  public let receipts: [Receipt]
  /// The points were taken before, by the same request.
  public let isReplayed: Bool
  /// An attempt of this very call got no answer: if the points were taken before, it may have been by
  /// that one.
  public internal(set) var followsOpenAttempt = false

  /// What a charge took from one budget.
  public struct Receipt: Decodable, Sendable {
    /// The budget's name.
    public let budgetID: String
    /// Points taken.
    public let cost: Int64
    /// Points left.
    public let remaining: Int64
    /// When the budget resets, in RFC 3339; nil: never.
    public let resetsAt: String?

    enum CodingKeys: String, CodingKey {
      case budgetID = "budget_id"
      case cost, remaining
      case resetsAt = "resets_at"
    }
  }

  /// Reads an answer of `POST /v1/authorizations`.
  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    requestID = try members.decode(String.self, forKey: .requestID)
    rule = try members.decodeIfPresent(String.self, forKey: .rule)
    principals = try members.decode([String].self, forKey: .principals)
    maxDuration = try members.decode(String.self, forKey: .maxDuration)
    isReplayed = try members.decodeIfPresent(Bool.self, forKey: .replayed) ?? false
    if !members.contains(.trustBudget) {
      receipts = []
    } else if let list = try? members.decode([Receipt].self, forKey: .trustBudget) {
      receipts = list
    } else {
      receipts = [try members.decode(Receipt.self, forKey: .trustBudget)]
    }
  }

  enum CodingKeys: String, CodingKey {
    case requestID = "request_id"
    case rule, principals
    case maxDuration = "max_duration"
    case trustBudget = "trust_budget"
    case replayed
  }
}

/// What became of a charge.
public enum ChargeState: String, Decodable, Sendable {
  /// Nobody has said yet what became of it.
  case charged
  /// A certificate was signed for it.
  case settled
  /// Nothing was signed for it, and its points went back.
  case refunded
}

/// What a CA tells of the certificate that it signed.
public struct SignedCertificate: Encodable, Sendable {
  /// The serial number, in decimal.
  public var serial: String
  /// The key id, `ssh-keygen -I`.
  public var keyID: String
  /// The certified key's fingerprint, `SHA256:…`.
  public var fingerprint: String
  /// From when it is valid, in RFC 3339; nil: always was.
  public var validAfter: String?
  /// Until when it is valid, in RFC 3339; nil: for ever.
  public var validBefore: String?

  /// All that is known of a certificate.
  public init(
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
}

/// The node's no, as RFC 9457 writes it.
public struct Problem: Error, Sendable, CustomStringConvertible {
  /// The HTTP status.
  public let status: Int
  /// What kind of problem, without the prefix: `budget-exhausted`.
  public let kind: String
  /// What happened and what to do, for people.
  public let detail: String
  /// `budget-exhausted`: the budget that fell short; the first, where a rule has several. Else nil, as the next three.
  public let budgetID: String?
  /// Points that the request requires of ``budgetID``.
  public let cost: Int64?
  /// Points left in it; nothing was taken.
  public let remaining: Int64?
  /// When it resets, in RFC 3339, to the second; nil as well for a budget that never does.
  public let resetsAt: String?
  /// How long to wait before asking again, in whole seconds, where the node says so: until ``resetsAt``, or until it
  /// may be able to answer.
  public let retryAfter: Duration?

  /// Asking again, under the same id, may bring another answer: the node, or a proxy before it, cannot
  /// say now.
  public var isTemporary: Bool { [408, 429, 502, 503, 504].contains(status) }

  /// The request may have been carried out, or may be yet: the connection to the ledger, or that of a
  /// proxy to the node, was lost on the way, or an attempt before this one got no answer. Asking again
  /// under the same id tells.
  public internal(set) var isOutcomeUnknown: Bool

  /// The node looked the request itself up, and says what became of it, whatever came of the attempts
  /// before. Where its policy refuses, which may not have been in force before, it looks it up only while it
  /// can, and does not say so.
  var isDecisive: Bool {
    ["budget-exhausted", "not-found", "request-mismatch", "already-settled", "already-refunded"]
      .contains(kind)
  }

  /// The node did not take the token, or there was none: it is unknown, expired or revoked.
  public var isUnauthenticated: Bool { kind == "unauthenticated" }

  /// The token is good, and its roles do not allow this; ``detail`` names those that would.
  public var isForbidden: Bool { kind == "forbidden" }

  /// The detail; and that the outcome is not known, where it does not say so itself.
  public var description: String {
    isOutcomeUnknown && kind != "outcome-unknown"
      ? "\(detail) Whether the request was carried out is not known." : detail
  }

  /// - Parameter retryAfter: the header `Retry-After`.
  init(status: UInt, retryAfter: String?, content: Data) {
    struct Body: Decodable {
      let type: String?
      let detail: String?
      let budgetID: String?
      let cost: Int64?
      let remaining: Int64?
      let resetsAt: String?

      enum CodingKeys: String, CodingKey {
        case type, detail, cost, remaining
        case budgetID = "budget_id"
        case resetsAt = "resets_at"
      }
    }
    let body = try? JSONDecoder().decode(Body.self, from: content)
    self.status = Int(status)
    self.kind = body?.type?.split(separator: ":").last.map(String.init) ?? "unknown"
    self.detail = body?.detail ?? "The server answered with HTTP status \(status)."
    self.budgetID = body?.budgetID
    self.cost = body?.cost
    self.remaining = body?.remaining
    self.resetsAt = body?.resetsAt
    self.retryAfter = retryAfter.flatMap { UInt32($0) }.map { .seconds($0) }
    // What is not in the node's words is a proxy's, which may have passed the request on.
    self.isOutcomeUnknown = kind == "outcome-unknown" || (kind == "unknown" && status >= 500)
  }
}
