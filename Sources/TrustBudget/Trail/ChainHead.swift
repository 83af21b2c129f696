/// The end of a budget's chain: what the next entry must follow.
package struct ChainHead: Hashable, Sendable {
  /// The newest entry's number.
  package let sequence: Int64
  /// The newest entry's hash.
  package let hash: Digest
  /// The balance after it.
  package let balance: Int64

  /// No budget's balance is beyond these, and sums of a few of them do not overflow.
  package static let balances = -4 * Points.maximum...4 * Points.maximum

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
    budget.spent = initialBalance.value + adjustment - head.balance
    budget.lastSequence = head.sequence
    budget.lastHash = head.hash
    return budget
  }
}
