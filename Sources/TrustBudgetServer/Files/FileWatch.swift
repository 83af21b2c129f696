import TrustBudget

/// Tells a file that was changed from one that is being changed: the next look sees the same again.
///
/// Half of a file may be valid, and say something else than the whole does. A file that is another one at
/// each look is never settled.
package struct FileWatch {
  /// What was made use of, or found unfit.
  private var taken: Digest
  /// What the last look saw.
  private var seen: Digest

  package init(taken: Digest) {
    self.taken = taken
    self.seen = taken
  }

  /// Looks at the file.
  ///
  /// - Returns: whether it is to be taken now: it changed, and two looks in a row saw this.
  package mutating func isSettledChange(_ digest: Digest) -> Bool {
    defer { seen = digest }
    guard digest == seen, digest != taken else { return false }
    taken = digest
    return true
  }
}
