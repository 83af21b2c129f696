import Testing
import TrustBudget

@testable import AuditMirror
@testable import BudgetLedger

/// How far the file is complete, when clocks jump and transactions stay open.
///
/// How old the file is goes by this machine's clock that knows no jumps, so it is right whatever happens
/// to the clocks on the wall: the database's only says as of when the file is complete.
@Suite struct CompletenessTests {
  private let start = ContinuousClock.now

  @Test(arguments: [3_600, -3_600])
  func `a database clock that jumps by an hour changes no age`(jump: Int64) {
    var completeness = Completeness()
    let before = completeness.note(window(at: 0, clock: 0), at: start)
    #expect(before?.instant == start)
    let after = completeness.note(window(at: 1, clock: 1 + jump), at: start + .seconds(1))
    #expect(after?.instant == start + .seconds(1))
    #expect(after?.moment == moment(1 + jump))
  }

  @Test func `who prepared a transaction that keeps the mirror back is named, and where`() {
    let holder = HorizonHolder(
      processID: nil, user: "dba", applicationName: nil, database: "app",
      since: Timestamp("2026-01-02T03:04:05Z"), preparedTransaction: "tx-1")
    #expect(
      holder.description
        == "the prepared transaction tx-1, user dba, database app, since 2026-01-02T03:04:05Z")
  }

  @Test func `while a transaction is open the file is complete as of when it began`() {
    var completeness = Completeness()
    _ = completeness.note(window(at: 0, clock: 0), at: start)
    for second in 1...5 {
      let now = start + .seconds(second)
      let held = window(at: 10, next: 10 + Int64(second), clock: Int64(second), isHeldBack: true)
      #expect(completeness.note(held, at: now) == nil)
    }
    // Everything that had begun by the second second is over.
    let reached = completeness.note(
      window(at: 12, next: 20, clock: 6, isHeldBack: true), at: start + .seconds(6))
    #expect(reached?.instant == start + .seconds(2))
    #expect(reached?.moment == moment(2))
  }

  @Test func `many windows while one transaction stays open are bounded, and the first is kept`() {
    var completeness = Completeness()
    for number in 1...10_000 {
      let held = window(at: 10, next: 10 + Int64(number), clock: Int64(number), isHeldBack: true)
      #expect(completeness.note(held, at: start + .seconds(number)) == nil)
    }
    let reached = completeness.note(
      window(at: 11, next: 20_000, clock: 10_001, isHeldBack: true), at: start + .seconds(10_001))
    #expect(reached?.instant == start + .seconds(1))
  }

  private func moment(_ seconds: Int64) -> Timestamp {
    Timestamp(microseconds: 1_767_225_600_000_000 + seconds * 1_000_000)
  }

  private func window(
    at horizon: Int64, next: Int64? = nil, clock: Int64, isHeldBack: Bool = false
  ) -> TrailWindow {
    TrailWindow(
      ledger: LedgerIdentity(id: "ledger", epoch: 1), horizon: horizon,
      nextTransaction: next ?? horizon, isHeldBack: isHeldBack, moment: moment(clock))
  }
}
