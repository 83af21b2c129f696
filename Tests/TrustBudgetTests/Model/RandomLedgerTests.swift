import Testing

@testable import TrustBudget

/// The invariants of the ledger under thousands of random operations, against `PlainLedger`.
@Suite("The ledger under random operations")
struct RandomLedgerTests {
  @Test(arguments: [1, 2, 3, 20_260_102] as [UInt64])
  func `every answer and every balance is what the plain rules say, and the invariants hold`(
    seed: UInt64
  ) throws {
    var operations = RandomOperations(seed: seed)
    var plain = PlainLedger()
    var ledger = MemoryLedger()
    var oneByOne = MemoryLedger()
    var audit = RunningAudit()
    for _ in 0..<200 {
      ledger.now = operations.time(after: ledger.now)
      oneByOne.now = ledger.now
      let batch = try operations.batch(taken: { id in
        plain.charges[id]?.parts.compactMap { try? BudgetID($0.budget) }
      })
      if operations.chance(5) {
        // The transaction was lost: whatever it decided must leave no trace.
        var lost = ledger
        _ = lost.decide(batch)
        continue
      }
      let expected = batch.map { plain.decide($0, at: ledger.now) }
      let written = ledger.entries.count
      let answers = ledger.decide(batch)
      let entries = Array(ledger.entries[written...])
      for ((operation, answer), outcome) in zip(zip(batch, answers), expected) {
        try #require(PlainLedger.Outcome(answer) == outcome)
        // However the operations are cut into batches, the trail is the same, hashes and all.
        try #require(oneByOne.decide(operation) == answer)
      }
      try #require(oneByOne.entries.count == ledger.entries.count)
      for (one, entry) in zip(oneByOne.entries[written...], entries) { try #require(one == entry) }

      try audit.expectAnswersMatchEntries(batch, answers, entries)
      try audit.append(entries)
      try audit.expectRows(ledger, plain)
    }
    audit.expectVariety()
  }
}

extension PlainLedger.Outcome {
  init(_ answer: Answer) {
    self =
      switch answer {
      case .charged(let record, let isReplayed):
        .charged(record.receipts.map(\.remaining), replayed: isReplayed)
      case .denied(let denial): .denied(denial.budgetID.value, remaining: denial.remaining)
      case .settled(_, let isReplayed): .settled(replayed: isReplayed)
      case .refunded(_, let isReplayed): .refunded(replayed: isReplayed)
      case .changed(let budget, let isReplayed):
        .changed(balance: budget.balance, replayed: isReplayed)
      case .rejected(let rejection): .rejected(rejection)
      }
  }
}
