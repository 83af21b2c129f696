/// One row of the audit trail.
package struct Entry: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// A budget was made, or its terms changed.
    case allocation
    /// Points were taken.
    case charge
    /// Too little was left; nothing was taken.
    case denial
    /// A new window began.
    case reset
    /// A charge was given back.
    case refund
    /// The certificate of a charge exists.
    case settlement
    /// An administrator added or took points.
    case adjustment

    /// Whether the balances before and after such an entry, and its cost, say whether it can be.
    package var isAllInItsBalances: Bool {
      switch self {
      case .charge, .denial, .settlement: true
      // These depend on what was allocated or spent, or change it.
      case .allocation, .reset, .adjustment, .refund: false
      }
    }
  }

  /// The life of the ledger that this entry belongs to; a restore from backup begins a new one.
  package let epoch: Int64
  package let budgetID: BudgetID
  /// The entry's place in its budget's chain: 1, 2, 3, …, without gaps.
  package let sequence: Int64
  package let kind: Kind
  package let username: String?
  /// Points that the attempt was about; 0 for kinds that are about none.
  package let cost: Int64
  package let balanceBefore: Int64
  package let balanceAfter: Int64
  package let requestID: String?
  /// 1, 2, … among the entries that one request wrote for its budgets.
  package let part: Int16
  package let rule: String?
  package let policyDigest: Digest?
  /// The authenticated caller.
  package let actor: String?
  package let node: String
  /// A JSON object, kept to the letter: the hash covers its text.
  package let detail: String
  package let occurredAt: Timestamp
  /// SHA-256 over this entry and the hash before it; see `EntryHash`.
  package internal(set) var hash: Digest

  package init(
    epoch: Int64, budgetID: BudgetID, sequence: Int64, kind: Kind, username: String?, cost: Int64,
    balanceBefore: Int64, balanceAfter: Int64, requestID: String?, part: Int16, rule: String?,
    policyDigest: Digest?, actor: String?, node: String, detail: String, occurredAt: Timestamp,
    hash: Digest
  ) {
    self.epoch = epoch
    self.budgetID = budgetID
    self.sequence = sequence
    self.kind = kind
    self.username = username
    self.cost = cost
    self.balanceBefore = balanceBefore
    self.balanceAfter = balanceAfter
    self.requestID = requestID
    self.part = part
    self.rule = rule
    self.policyDigest = policyDigest
    self.actor = actor
    self.node = node
    self.detail = detail
    self.occurredAt = occurredAt
    self.hash = hash
  }
}
