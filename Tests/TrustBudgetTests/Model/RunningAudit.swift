import Testing

@testable import TrustBudget

/// What an auditor would check after every batch: the invariants of the design, section 4.
struct RunningAudit {
  private var replays: [BudgetID: Replay] = [:]
  private var trails: [BudgetID: [Entry]] = [:]
  /// How often each kind of entry and of answer was seen, so that a tame test is noticed.
  private var seen: [String: Int] = [:]

  /// Invariants 3 and 4: an allowed answer means one whole set of entries, a denied one no change.
  mutating func expectAnswersMatchEntries(
    _ operations: [TrustBudget.Operation], _ answers: [Answer], _ entries: [Entry]
  ) throws {
    var expected: [String: Int] = [:]
    for (operation, answer) in zip(operations, answers) {
      let id = operation.requestID.value
      switch (operation, answer) {
      case (.charge(let charge), .charged(let record, replayed: false)):
        expected["charge \(id)", default: 0] += charge.terms.count
        #expect(record.receipts.map(\.budgetID) == charge.terms.map(\.budgetID))
      case (_, .denied): expected["denial \(id)", default: 0] += 1
      case (_, .settled(let record, replayed: false)):
        expected["settlement \(id)", default: 0] += record.receipts.count
      case (_, .refunded(let record, replayed: false)):
        expected["refund \(id)", default: 0] += record.receipts.count
      case (.adjustment, .changed(_, replayed: false)): expected["adjustment \(id)"] = 1
      case (.reset, .changed(_, replayed: false)): expected["reset \(id)"] = 1
      default: break
      }
      seen[answer.label, default: 0] += 1
    }
    var written: [String: Int] = [:]
    for entry in entries {
      guard let id = entry.requestID else { continue }
      written["\(entry.kind.rawValue) \(id)", default: 0] += 1
    }
    try #require(written == expected)
  }

  /// Invariants 1 and 5, and that no entry but those which may moves the balance.
  mutating func append(_ entries: [Entry]) throws {
    for entry in entries {
      let change = entry.balanceAfter - entry.balanceBefore
      switch entry.kind {
      case .charge:
        try #require(change == -entry.cost)
        try #require(
          entry.balanceAfter >= 0 || entry.cost == 0 || entry.detail("enforcement") == "observe")
      case .denial:
        try #require(change == 0 && entry.balanceBefore < entry.cost)
      case .settlement: try #require(change == 0)
      case .refund: try #require(change == 0 || change == entry.cost)
      case .allocation, .reset, .adjustment: break
      }
      var replay = replays[entry.budgetID] ?? Replay(ledgerID: MemoryLedger.identity.id)
      try replay.append(entry)
      replays[entry.budgetID] = replay
      trails[entry.budgetID, default: []].append(entry)
      seen[entry.kind.rawValue, default: 0] += 1
    }
  }

  /// Invariant 2: what was spent is the sum of the window's entries, the replay gives the row
  /// exactly, and both are what the plain rules say.
  func expectRows(_ ledger: MemoryLedger, _ plain: PlainLedger) throws {
    try #require(Set(ledger.budgets.keys.map(\.value)) == Set(plain.budgets.keys))
    for (id, budget) in ledger.budgets {
      try #require(replays[id]?.budget == budget)
      let trail = trails[id, default: []]
      try #require(trail.last?.sequence == Int64(trail.count))
      var spent: Int64 = 0
      for entry in trail.reversed() {
        if entry.sequence == budget.windowSequence { break }
        if entry.kind == .charge { spent += entry.cost }
        if entry.kind == .refund { spent -= entry.balanceAfter - entry.balanceBefore }
      }
      try #require(budget.spent == spent)
      // The plain ledger rolls its windows when looked at; the row may have a reset to come.
      let model = try #require(plain.budgets[id.value])
      try #require(budget.balance == model.balance)
      try #require(budget.initialBalance.value == model.initialBalance)
      try #require(budget.resetInterval?.microseconds == model.interval)
      try #require(budget.windowStartedAt.microseconds == model.windowStart)
    }
  }

  /// That the random operations were varied enough to prove anything.
  func expectVariety() {
    let answers = [
      "charged", "charged again", "denied", "settled", "settled again", "refunded",
      "refunded again", "changed", "changed again", "mismatch", "no charge", "no budget",
      "already settled", "already refunded",
    ]
    for label in Entry.Kind.allCases.map(\.rawValue) + answers {
      #expect(seen[label, default: 0] >= 3, "\(label)")
    }
  }
}
