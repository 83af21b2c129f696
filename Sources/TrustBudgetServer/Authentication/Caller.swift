import TrustBudget

/// Who calls.
package struct Caller: Hashable, Sendable {
  /// The actor of every entry that the caller brings about; nil: nobody knows who it is.
  package let name: String?
  package let roles: Set<Role>

  /// Before it is known who calls: may do nothing.
  static let unknown = Caller(name: nil, roles: [])

  /// Whether it may give back what is settled. Whoever runs without authentication has no
  /// administrators: the trail could not say which of them it was.
  var isAdministrator: Bool { name != nil && roles.contains(.admin) }
}
