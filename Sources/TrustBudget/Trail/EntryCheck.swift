/// Checks entries against the budgets that they follow; one will do for all budgets of a ledger.
///
/// What an auditor does: if a budget's entries from the first to the last are without a fault, the trail is
/// whole and unaltered, and what they make is what the budget's row must say.
package struct EntryCheck {
  private var entryHash: EntryHash

  /// - Parameter ledgerID: the ledger's UUID, in lower case with hyphens.
  package init(ledgerID: String) {
    entryHash = EntryHash(ledgerID: ledgerID)
  }

  /// What an entry makes of its budget.
  ///
  /// - Parameter previous: the budget before the entry; nil before its first.
  /// - Throws: when the entry cannot follow the ones before it.
  package mutating func budget(
    _ previous: Budget?, after entry: Entry
  ) throws(TrailFault) -> Budget {
    guard entry.budgetID == previous?.id ?? entry.budgetID else {
      throw fault(entry, "is of another budget than \(previous?.id.value ?? "")")
    }
    let head = try head(previous?.head, after: entry)
    guard var next = previous ?? EntryCheck.opened(by: entry), EntryCheck.apply(entry, to: &next)
    else {
      throw fault(
        entry, "its figures or detail make no sense for its kind, \(entry.kind.rawValue)")
    }
    guard (0...Points.maximum).contains(next.spent), abs(next.adjustment) <= Points.maximum else {
      throw fault(entry, "its figures are out of range")
    }
    guard head.balance == next.balance else {
      throw fault(entry, "balance_after is \(head.balance), not \(next.balance)")
    }
    next.lastSequence = head.sequence
    next.lastHash = head.hash
    return next
  }

  /// What an entry makes of the end of its budget's chain.
  ///
  /// That is all there is to an entry that says what it does by its balances alone
  /// (``Entry/Kind/isAllInItsBalances``), and the first half of what there is to any other.
  ///
  /// - Parameter previous: the chain's end before the entry; nil before its first.
  /// - Throws: when the entry cannot follow the ones before it.
  package mutating func head(
    _ previous: ChainHead?, after entry: Entry
  ) throws(TrailFault) -> ChainHead {
    let before = previous ?? .start
    guard entry.sequence == before.sequence + 1 else {
      throw fault(entry, "follows entry \(before.sequence); entries are missing or repeated")
    }
    guard entryHash.hash(of: entry, after: before.hash) == entry.hash else {
      throw fault(entry, "its hash does not match its content and the entry before it")
    }
    guard entry.balanceBefore == before.balance else {
      throw fault(entry, "balance_before is \(entry.balanceBefore), not \(before.balance)")
    }
    // Who rewrites a trail may write anything; it must come out as a fault, not as an overflow.
    guard (0...Points.maximum).contains(entry.cost),
      ChainHead.balances.contains(entry.balanceBefore),
      ChainHead.balances.contains(entry.balanceAfter)
    else { throw fault(entry, "its figures are out of range") }
    guard previous != nil || entry.kind == .allocation else {
      throw fault(entry, "a budget's first entry must be its allocation")
    }
    switch entry.kind {
    case .charge: try expect(before.balance - entry.cost, after: entry)
    case .denial, .settlement: try expect(before.balance, after: entry)
    case .allocation, .adjustment, .refund, .reset: break
    }
    return ChainHead(sequence: entry.sequence, hash: entry.hash, balance: entry.balanceAfter)
  }

  private func expect(_ balance: Int64, after entry: Entry) throws(TrailFault) {
    guard entry.balanceAfter == balance else {
      throw fault(entry, "balance_after is \(entry.balanceAfter), not \(balance)")
    }
  }

  private func fault(_ entry: Entry, _ problem: String) -> TrailFault {
    TrailFault(.budget(entry.budgetID.value), sequence: entry.sequence, problem: problem)
  }

  private static func opened(by entry: Entry) -> Budget? {
    guard entry.kind == .allocation else { return nil }
    return Budget(
      id: entry.budgetID, initialBalance: .zero, resetInterval: nil,
      windowStartedAt: entry.occurredAt, windowSequence: entry.sequence)
  }

  /// - Returns: false when the entry does not say enough, or what its kind cannot.
  private static func apply(_ entry: Entry, to budget: inout Budget) -> Bool {
    let change = entry.balanceAfter - entry.balanceBefore
    switch entry.kind {
    case .charge: budget.spent += entry.cost
    case .refund:
      guard change == 0 || change == entry.cost else { return false }
      budget.spent -= change
    case .adjustment: budget.adjustment += change
    case .denial, .settlement: break
    case .allocation, .reset:
      guard let detail = EntryDetail(entry.detail),
        let start = detail.windowStartedAt.flatMap({ Timestamp($0) })
      else { return false }
      if entry.kind == .reset {
        budget.openWindow(at: start)
        budget.windowSequence = entry.sequence
        return true
      }
      guard let allocated = detail.initialBalance, let initialBalance = try? Points(allocated)
      else { return false }
      let interval = detail.resetIntervalMicroseconds
      budget.initialBalance = initialBalance
      budget.windowStartedAt = start
      budget.resetInterval = interval.flatMap { try? ResetInterval(microseconds: $0) }
      return interval == nil || budget.resetInterval != nil
    }
    return true
  }
}
