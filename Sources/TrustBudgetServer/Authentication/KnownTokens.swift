import BudgetLedger
import TrustBudget

/// The tokens that nodes take, as PostgreSQL had them when they were last read.
struct KnownTokens: Sendable {
  private let tokens: [UInt64: [APIToken]]
  let readAt: ContinuousClock.Instant

  init(_ tokens: [APIToken], readAt: ContinuousClock.Instant) {
    self.tokens = Dictionary(grouping: tokens) { KnownTokens.key($0.digest) }
    self.readAt = readAt
  }

  /// The token with this digest.
  ///
  /// Found by eight bytes of it, and then compared in full and in constant time. How long it takes may
  /// depend on those eight, which says nothing of any token: they come out of SHA-256.
  func token(_ digest: Digest) -> APIToken? {
    tokens[KnownTokens.key(digest)]?.first { isEqualInConstantTime($0.digest, digest) }
  }

  private static func key(_ digest: Digest) -> UInt64 {
    digest.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
  }

  private func isEqualInConstantTime(_ a: Digest, _ b: Digest) -> Bool {
    zip(a.bytes, b.bytes).reduce(0) { difference, bytes in difference | (bytes.0 ^ bytes.1) } == 0
  }
}
