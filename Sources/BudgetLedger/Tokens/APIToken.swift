import LibPQ
import TrustBudget

/// What is kept of a token: all but the token.
package struct APIToken: Hashable, Sendable {
  package let name: String
  package let roles: Set<Role>
  /// Of the token's text.
  package let digest: Digest
  package let createdAt: Timestamp
  /// The database role that made it.
  package let createdBy: String
  /// nil: good until it is revoked.
  package let expiresAt: Timestamp?
  package let revokedAt: Timestamp?

  package init(
    name: String, roles: Set<Role>, digest: Digest, createdAt: Timestamp, createdBy: String,
    expiresAt: Timestamp?, revokedAt: Timestamp?
  ) {
    self.name = name
    self.roles = roles
    self.digest = digest
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
  }

  /// What ``init(decoding:)`` reads.
  static let columns = "name, roles, hash, created_at, created_by, expires_at, revoked_at"

  init(decoding row: inout PostgresRow) throws {
    name = try row.next(String.self)
    // A role that this program does not know allows nothing.
    roles = Set(try row.next([String].self).compactMap(Role.init(rawValue:)))
    digest = try row.next(Digest.self)
    createdAt = Timestamp(nearest: try row.next(PostgresTimestamp.self))
    createdBy = try row.next(String.self)
    let expiry = try row.next(PostgresTimestamp?.self)
    expiresAt = expiry == .infinity ? nil : expiry.map(Timestamp.init(nearest:))
    revokedAt = try row.next(PostgresTimestamp?.self).map(Timestamp.init(nearest:))
  }
}
