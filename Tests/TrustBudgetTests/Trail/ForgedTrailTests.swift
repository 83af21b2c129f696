import Testing

@testable import TrustBudget

/// Trails whose hashes are all right, by somebody who could rewrite everything; the sums aren't.
@Suite("A forged trail")
struct ForgedTrailTests {
  private func problem(in entries: [Entry]) -> String? {
    var replay = Replay(ledgerID: MemoryLedger.identity.id)
    do throws(TrailFault) {
      for entry in rehashed(entries) { try replay.append(entry) }
      return nil
    } catch {
      return error.problem
    }
  }

  private func trail() throws -> [Entry] {
    try busyLedger().entries(of: BudgetID(alice))
  }

  private func problem(
    changing kind: Entry.Kind, _ change: (inout TamperedEntry) -> Void
  ) throws -> String? {
    var entries = try trail()
    let index = try #require(entries.lastIndex { $0.kind == kind })
    entries[index] = entries[index].changing(change)
    return problem(in: entries)
  }

  @Test func `the honest trail stands the forger's hashes`() throws {
    let entries = try trail()
    #expect(rehashed(entries) == entries)
    #expect(problem(in: entries) == nil)
  }

  @Test(arguments: Entry.Kind.allCases)
  func `points that appear or vanish are found`(kind: Entry.Kind) throws {
    let after = try problem(changing: kind) { $0.balanceAfter += 1 }
    #expect(after != nil)
    let before = try problem(changing: kind) { $0.balanceBefore += 1 }
    #expect(before?.hasPrefix("balance_before is ") == true)
  }

  @Test(arguments: [0, 1, -9, .max])
  func `a charge made cheaper, dearer or into points is found`(cost: Int64) throws {
    #expect(try problem(changing: .charge) { $0.cost = cost } != nil)
  }

  @Test func `a trail must begin with an allocation`() throws {
    var entries = try trail()
    entries[0] = entries[0].changing {
      $0.kind = .denial
      $0.balanceAfter = 0
    }
    #expect(problem(in: entries) == "a budget's first entry must be its allocation")
  }

  @Test(
    arguments: [Entry.Kind.allocation, .reset],
    [
      "", "{}", "[]", "{\"window_started_at\":\"yesterday\"}",
      "{\"initial_balance\":-1,\"window_started_at\":\"yesterday\"}",
    ])
  func `an allocation or a reset must say what it set`(kind: Entry.Kind, detail: String) throws {
    #expect(
      try problem(changing: kind) { $0.detail = detail }
        == "its figures or detail make no sense for its kind, \(kind.rawValue)")
  }

  @Test(arguments: [0, -1, 999, .max])
  func `an allocation with an impossible interval is found`(microseconds: Int64) throws {
    let detail = """
      {"initial_balance":20,"reset_interval_microseconds":\(microseconds),\
      "window_started_at":"2026-01-02T00:00:00Z"}
      """
    #expect(
      try problem(changing: .allocation) { $0.detail = detail }
        == "its figures or detail make no sense for its kind, allocation")
  }

  @Test(arguments: Entry.Kind.allCases)
  func `figures beyond all range are a fault and no crash`(kind: Entry.Kind) throws {
    for extreme: Int64 in [.max, .min, .max - 5, 1 << 56] {
      #expect(try problem(changing: kind) { $0.cost = extreme } != nil)
      #expect(try problem(changing: kind) { $0.balanceAfter = extreme } != nil)
      #expect(try problem(changing: kind) { $0.balanceBefore = extreme } != nil)
    }
  }

  @Test func `a refund gives back what the charge cost, or nothing`() throws {
    #expect(
      try problem(changing: .refund) { $0.balanceAfter += 5 }
        == "its figures or detail make no sense for its kind, refund")
  }

  @Test func `more refunds than charges are found`() throws {
    let entries = try trail()
    let bogus = entries[0].changing {
      $0.sequence = 2
      $0.kind = .refund
      $0.cost = 5
      $0.balanceBefore = $0.balanceAfter
      $0.balanceAfter += 5
    }
    #expect(problem(in: [entries[0], bogus]) == "its figures are out of range")
  }
}
