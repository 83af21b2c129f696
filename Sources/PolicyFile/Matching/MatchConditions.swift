import TrustBudget

/// A rule's `match`: who it is for, and under which circumstances.
///
/// Any one of the identity lists lets a request in; each constraint must hold. With neither it is
/// for everybody.
package struct MatchConditions: Sendable, Hashable {
  /// `local_usernames`, `emails` and `oidc_groups`, those that the rule has.
  package let identities: [Condition]
  /// `source_ip`, `hours` and `webauthn_ids`, those that the rule has.
  package let constraints: [Condition]

  static let everybody = MatchConditions(identities: [], constraints: [])

  func holds(for request: IssuanceRequest, at now: Timestamp) -> Bool {
    (identities.isEmpty || identities.contains { $0.holds(for: request, at: now) })
      && constraints.allSatisfy { $0.holds(for: request, at: now) }
  }

  /// Why this does not hold, in the order of the conditions; empty if it does.
  func mismatches(for request: IssuanceRequest, at now: Timestamp) -> [String] {
    let admits = identities.isEmpty || identities.contains { $0.holds(for: request, at: now) }
    let unmet =
      (admits ? [] : identities) + constraints.filter { !$0.holds(for: request, at: now) }
    return unmet.map { "\($0.key): \($0.mismatch(for: request, at: now))" }
  }

  /// Whether `${group}` can have a value.
  var hasGroups: Bool {
    identities.contains { if case .oidcGroups = $0 { true } else { false } }
  }

  /// Whether no request can fail to match, so that later rules are never reached.
  var matchesEverybody: Bool {
    guard constraints.isEmpty else { return false }
    return identities.isEmpty
      || identities.contains {
        // A request always has a username; it need not have an email or a group.
        guard case .localUsernames(let globs) = $0 else { return false }
        return globs.contains(where: \.matchesEverything)
      }
  }

  /// The value of `${group}`: the first pattern of `oidc_groups` that the requester has a group
  /// for decides, and that group is it.
  func group(of request: IssuanceRequest) -> String? {
    for case .oidcGroups(let globs) in identities {
      for glob in globs {
        let group = request.oidcGroups.first { !$0.isEmpty && glob.matches($0) }
        if let group { return group }
      }
    }
    return nil
  }
}
