@testable import TrustBudget

extension Entry {
  /// The entry under another hash.
  func with(hash: Digest) -> Entry {
    var entry = self
    entry.hash = hash
    return entry
  }
}
