import Foundation

/// Somebody needs a certificate in an emergency.
public struct BreakGlassRequest: Encodable, Sendable {
  /// Makes a repeated request the same request.
  public var requestID: String
  /// Who asks.
  public var username: String
  /// Why: what those who look at the trail will read.
  public var reason: String
  /// The incident's number elsewhere.
  public var ticket: String?
  /// Who approved; not the one who asks.
  public var approvers: [String]?
  /// Principals of the certificate; nil: all that the policy allows.
  public var principals: [String]?
  /// How long the certificate shall be valid, `60s`; nil: as long as the policy allows.
  public var requestedDuration: String?

  /// - Parameters:
  ///   - requestID: a new one for each attempt.
  ///   - username: who asks.
  ///   - reason: why.
  public init(
    requestID: String = UUID().uuidString.lowercased(), username: String, reason: String
  ) {
    self.requestID = requestID
    self.username = username
    self.reason = reason
  }

  enum CodingKeys: String, CodingKey {
    case requestID = "request_id"
    case username, reason, ticket, approvers, principals
    case requestedDuration = "requested_duration"
  }
}

/// The node's yes to an emergency, which is recorded by then.
public struct BreakGlassGrant: Decodable, Sendable {
  /// The attempt's id.
  public let requestID: String
  /// Always `break_glass`.
  public let rule: String
  /// What the certificate may name.
  public let principals: [String]
  /// The longest validity, as ssh-keygen's `-V +…` takes it.
  public let maxDuration: String
  /// Where the event is recorded: in the node's `journal`, or in `postgresql`.
  public let recorded: String
  /// The event's place in its trail.
  public let event: Event
  /// The event was recorded before, by the same request.
  public let isReplayed: Bool

  /// An event's place in its trail.
  public struct Event: Decodable, Sendable {
    /// The journal that it belongs to.
    public let journalID: String
    /// Its number there.
    public let sequence: Int64

    enum CodingKeys: String, CodingKey {
      case journalID = "journal_id"
      case sequence = "node_seq"
    }
  }

  /// Reads an answer of `POST /v1/break-glass`.
  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    requestID = try members.decode(String.self, forKey: .requestID)
    rule = try members.decode(String.self, forKey: .rule)
    principals = try members.decode([String].self, forKey: .principals)
    maxDuration = try members.decode(String.self, forKey: .maxDuration)
    recorded = try members.decode(String.self, forKey: .recorded)
    event = try members.decode(Event.self, forKey: .event)
    isReplayed = try members.decodeIfPresent(Bool.self, forKey: .replayed) ?? false
  }

  enum CodingKeys: String, CodingKey {
    case requestID = "request_id"
    case rule, principals, recorded, event, replayed
    case maxDuration = "max_duration"
  }
}

/// Some emergency certificates, the newest first.
public struct BreakGlassPage: Decodable, Sendable {
  /// The events.
  public let events: [Event]
  /// What to ask the next page with; nil: there is none.
  public let nextCursor: String?
  /// Why events may be missing: PostgreSQL, or the node's journal, could not be asked.
  public let notice: String?

  /// One emergency certificate.
  public struct Event: Decodable, Sendable {
    /// The journal that it belongs to.
    public let journalID: String
    /// Its number there: 1, 2, 3, … without gaps.
    public let sequence: Int64
    /// The node that answered.
    public let node: String
    /// When, in RFC 3339, by the node's clock.
    public let occurredAt: String
    /// Who asked.
    public let username: String
    /// Why.
    public let reason: String
    /// The incident's number elsewhere.
    public let ticket: String?
    /// Who approved.
    public let approvers: [String]
    /// What the certificate may name.
    public let principals: [String]
    /// The longest validity.
    public let maxDuration: String
    /// The attempt's id.
    public let requestID: String
    /// The authenticated caller.
    public let actor: String?
    /// SHA-256 over the event and the one before it, in hexadecimal.
    public let hash: String

    enum CodingKeys: String, CodingKey {
      case journalID = "journal_id"
      case sequence = "node_seq"
      case occurredAt = "occurred_at"
      case maxDuration = "max_duration"
      case requestID = "request_id"
      case node, username, reason, ticket, approvers, principals, actor, hash
    }
  }

  enum CodingKeys: String, CodingKey {
    case events, notice
    case nextCursor = "next_cursor"
  }
}
