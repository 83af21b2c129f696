import GRDB
import Logging
import Metrics
import Testing
import TrustBudget

@testable import AuditMirror

/// What the mirror says of how it is doing.
@Suite struct HealthTests {
  @Test func `a file to which nothing came is no older for being opened again`() throws {
    let health = MirrorHealth(
      node: "node-1", logger: Logger(label: "test"), metrics: NOOPMetricsHandler.instance)
    var summary = try DatabaseQueue().write { db in
      try FileSummary.create(
        ledger: LedgerIdentity(id: "00000000-0000-4000-8000-000000000001", epoch: 1), filter: nil,
        db)
      return try FileSummary(db)
    }
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
}
