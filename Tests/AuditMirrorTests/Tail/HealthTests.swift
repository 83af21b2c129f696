import BudgetLedger
import GRDB
import Logging
import Metrics
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import AuditMirror

/// What the mirror says of how it is doing.
@Suite struct HealthTests {
  @Test func `a file to which nothing came is no older for being opened again`() throws {
    let health = MirrorHealth(
      node: "node-1", logger: Logger(label: "test"), metrics: NOOPMetricsHandler.instance)
    var summary = try summary()
    let day = Duration.seconds(86_400)
    health.note(summary, behind: day)
    #expect(health.current.lag >= day)
    health.noteWindow(summary, completeAt: .now)
    health.note(summary, behind: day)
    #expect(health.current.lag < day)
    // Another file, from a backup say.
    summary.entries.rows += 1
    health.note(summary, behind: day)
    #expect(health.current.lag >= day)
  }

  @Test func `who keeps the mirror back for long is named once`() throws {
    let log = Log()
    let health = MirrorHealth(
      node: "node-1", logger: Logger(label: "test", factory: { _ in log }),
      metrics: NOOPMetricsHandler.instance)
    let summary = try summary()
    func holder(_ processID: Int64) -> HorizonHolder {
      HorizonHolder(
        processID: processID, user: "dba", applicationName: nil, database: nil, since: nil,
        preparedTransaction: nil)
    }
    func warnings() -> Int { log.lines.count { $0.contains("keeps the audit mirror back") } }
    // As the mirror does round after round, while it follows as far as it can.
    for _ in 0..<10 {
      health.noteWindow(summary, completeAt: nil)
      health.note(.following)
      health.note(holder: holder(1))
    }
    #expect(warnings() == 1)
    health.note(holder: holder(2))
    #expect(warnings() == 2)
    // It is over, and comes again.
    health.note(holder: nil)
    health.noteWindow(summary, completeAt: .now)
    health.note(.following)
    health.note(holder: holder(2))
    #expect(warnings() == 3)
    #expect(log.lines.count { $0.contains("the audit mirror follows") } == 2)
  }

  private func summary() throws -> FileSummary {
    try DatabaseQueue().write { db in
      try FileSummary.create(
        ledger: LedgerIdentity(id: "00000000-0000-4000-8000-000000000001", epoch: 1), filter: nil,
        db)
      return try FileSummary(db)
    }
  }
}
