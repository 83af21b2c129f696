/// The end of a budget's chain: what the next entry must follow.
package struct ChainHead: Hashable, Sendable {
  /// The newest entry's number.
  package let sequence: Int64
  /// The newest entry's hash.
  package let hash: Digest
  /// The balance after it.
  package let balance: Int64

  /// Where every chain begins.
  static let start = ChainHead(sequence: 0, hash: .zero, balance: 0)

  package init(sequence: Int64, hash: Digest, balance: Int64) {
    self.sequence = sequence
    self.hash = hash
    self.balance = balance
  }
}

extension Budget {
  /// The same budget at a later end of its chain, after entries that are all in their balances.
  package func moved(to head: ChainHead) -> Budget {
    var budget = self
    // What was read from a file may be anything; what comes of it is checked with the next entry.
    budget.spent = initialBalance.value &+ adjustment &- head.balance
    budget.lastSequence = head.sequence
    budget.lastHash = head.hash
    return budget
  }
}
