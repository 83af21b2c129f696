import TrustBudget

/// One key of a rule's `match`. It holds if any of its values does, and never on a missing fact.
package enum Condition: Sendable, Hashable {
  case localUsernames([Glob])
  case emails([Glob])
  case oidcGroups([Glob])
  case sourceIP([AddressRange])
  case hours([DailyHours])
  case webauthnIDs([Glob])

  /// Its key in the policy file.
  package var key: String {
    switch self {
    case .localUsernames: "local_usernames"
    case .emails: "emails"
    case .oidcGroups: "oidc_groups"
    case .sourceIP: "source_ip"
    case .hours: "hours"
    case .webauthnIDs: "webauthn_ids"
    }
  }

  /// Its values as they are written in the policy file.
  package var values: [String] {
    switch self {
    case .localUsernames(let globs), .emails(let globs), .oidcGroups(let globs),
      .webauthnIDs(let globs):
      globs.map(\.description)
    case .sourceIP(let ranges): ranges.map(\.description)
    case .hours(let ranges): ranges.map(\.description)
    }
  }

  func holds(for request: IssuanceRequest, at now: Timestamp) -> Bool {
    switch self {
    case .localUsernames(let globs):
      globs.contains(matching: request.username.value)
    case .emails(let globs):
      globs.contains(matching: request.email)
    case .oidcGroups(let globs):
      request.oidcGroups.contains { globs.contains(matching: $0) }
    case .sourceIP(let ranges):
      request.sourceIP.map { address in ranges.contains { $0.contains(address) } } ?? false
    case .hours(let ranges):
      ranges.contains { $0.contains(TimeOfDay(now)) }
    case .webauthnIDs(let globs):
      globs.contains(matching: request.webauthnID)
    }
  }

  /// Why it does not hold, for a person. Asked only where it does not.
  func mismatch(for request: IssuanceRequest, at now: Timestamp) -> String {
    switch self {
    case .localUsernames:
      noneOf([request.username.value])
    case .emails:
      request.email.map { noneOf([$0]) } ?? "the request has no email"
    case .oidcGroups:
      request.oidcGroups.isEmpty ? "the request has no groups" : noneOf(request.oidcGroups)
    case .sourceIP:
      request.sourceIP.map { "\($0) is outside \(list)" } ?? "the request has no source address"
    case .hours:
      "\(TimeOfDay(now)) UTC is outside \(list)"
    case .webauthnIDs:
      request.webauthnID.map { noneOf([$0]) } ?? "the request has no WebAuthn key"
    }
  }

  private func noneOf(_ facts: [String]) -> String {
    let shown = facts.prefix(5).map { VisibleText.quoted($0) }.joined(separator: ", ")
    let verb = facts.count == 1 ? "matches" : "match"
    return "\(shown)\(facts.count > 5 ? ", …" : "") \(verb) none of \(list)"
  }

  /// Globs in quotes, ranges without, and no more of them than a person reads.
  private var list: String {
    let shown = values.prefix(5).map { value in
      switch self {
      case .sourceIP, .hours: value
      default: VisibleText.quoted(value)
      }
    }
    return shown.joined(separator: ", ") + (values.count > 5 ? ", …" : "")
  }
}
