import Testing

@testable import TrustBudget

@Suite("Replaying a trail")
struct ReplayTests {
  /// Replays `entries`; the number of the first that is found at fault, and the problem.
  private func fault(in entries: [Entry]) -> TrailFault? {
    var replay = Replay(ledgerID: MemoryLedger.identity.id)
    do throws(TrailFault) {
      for entry in entries { try replay.append(entry) }
      return nil
    } catch {
      return error
    }
  }

  private func trail(_ budget: String = alice) throws -> [Entry] {
    try busyLedger().entries(of: BudgetID(budget))
  }

  @Test(arguments: [alice, sre])
  func `a whole trail gives the budget's row exactly`(budget: String) throws {
    let ledger = try busyLedger()
    var replay = Replay(ledgerID: MemoryLedger.identity.id)
    for entry in ledger.entries(of: try BudgetID(budget)) { try replay.append(entry) }
    #expect(replay.budget == ledger.budgets[try BudgetID(budget)])
  }

  /// Everything that somebody could change about one entry.
  private static let changes: [@Sendable (inout TamperedEntry) -> Void] = [
    { $0.epoch += 1 },
    { entry in (try? BudgetID("user:mallory")).map { entry.budgetID = $0 } },
    { $0.kind = $0.kind == .denial ? .charge : .denial },
    { $0.username = $0.username == nil ? "" : nil },
    { $0.username = "mallory" },
    { $0.cost += 1 },
    { $0.balanceBefore += 1 },
    { $0.balanceAfter += 1 },
    { $0.requestID = $0.requestID == nil ? "" : nil },
    { $0.part += 1 },
    { $0.rule = $0.rule == nil ? "" : nil },
    { $0.policyDigest = $0.policyDigest == nil ? .zero : nil },
    { $0.actor = "nobody" },
    { $0.node = "node-2" },
    { $0.detail += " " },
    { $0.detail = "{}" == $0.detail ? "" : "{}" },
    { $0.occurredAt = Timestamp(microseconds: $0.occurredAt.microseconds + 1) },
    { $0.hash = .zero },
  ]

  @Test(arguments: changes.indices)
  func `a changed field is found in the entry that was changed`(change: Int) throws {
    let entries = try trail()
    for index in entries.indices {
      var tampered = entries
      tampered[index] = entries[index].changing(ReplayTests.changes[change])
      #expect(fault(in: tampered)?.sequence == Int64(index + 1))
      #expect(fault(in: tampered)?.chain == .budget(tampered[index].budgetID.value))
    }
  }

  @Test func `a dropped, repeated or swapped entry is found at the gap`() throws {
    let entries = try trail()
    for index in entries.indices.dropLast() {
      var dropped = entries
      dropped.remove(at: index)
      #expect(fault(in: dropped)?.sequence == Int64(index + 2))
      var repeated = entries
      repeated.insert(entries[index], at: index)
      #expect(fault(in: repeated)?.sequence == Int64(index + 1))
      var swapped = entries
      swapped.swapAt(index, index + 1)
      #expect(fault(in: swapped)?.sequence == Int64(index + 2))
    }
    #expect(fault(in: Array(entries.dropFirst()))?.sequence == 2)
  }

  @Test func `a removed entry is found even when the rest is numbered anew`() throws {
    let entries = try trail()
    for index in entries.indices.dropLast() {
      var dropped = entries
      dropped.remove(at: index)
      dropped = dropped.enumerated().map { number, entry in
        entry.changing { $0.sequence = Int64(number + 1) }
      }
      #expect(fault(in: dropped)?.sequence == Int64(index + 1))
    }
  }

  @Test func `a trail of another ledger is found at its first entry`() throws {
    var replay = Replay(ledgerID: "1" + MemoryLedger.identity.id.dropFirst())
    let entries = try trail()
    #expect(throws: TrailFault.self) { try replay.append(entries[0]) }
    #expect(replay.budget == nil)
  }

  @Test func `an entry of another budget does not continue the chain, though its hash fits`() throws
  {
    var entries = try trail()
    let other = try BudgetID(sre)
    entries[3] = entries[3].changing { $0.budgetID = other }
    #expect(fault(in: rehashed(entries))?.sequence == 4)
  }

  @Test func `a fault names the budget, the entry and the problem`() throws {
    var entries = try trail()
    entries.remove(at: 2)
    #expect(
      fault(in: entries)?.description
        == "user:alice entry 4: follows entry 2; entries are missing or repeated")
  }

  @Test func `what was taken before a fault still stands`() throws {
    let entries = try trail()
    var replay = Replay(ledgerID: MemoryLedger.identity.id)
    for entry in entries.prefix(3) { try replay.append(entry) }
    let before = replay.budget
    #expect(throws: TrailFault.self) { try replay.append(entries[4]) }
    #expect(replay.budget == before)
    try replay.append(entries[3])
    #expect(replay.budget?.lastSequence == 4)
  }
}
