import BreakGlass
import Dispatch
import Logging
import Synchronization
import Testing
import TrustBudgetTesting

/// A disk that hangs, and those who wait for it.
@Suite struct JournalDiskTests {
  private let log = Log()

  private func disk(patience: Duration) -> JournalDisk {
    JournalDisk(
      path: "journal.db", patience: patience, logger: Logger(label: "test", factory: { _ in log }))
  }

  @Test func `what is done in time is answered, be it a failure`() async throws {
    let disk = disk(patience: .seconds(60))
    #expect(try await disk.perform { 7 } == 7)
    await #expect(throws: JournalProblem.corrupt("x")) {
      try await disk.perform { throw JournalProblem.corrupt("x") }
    }
    #expect(disk.problem == nil)
    #expect(log.lines.isEmpty)
  }

  @Test func `nobody waits for what hangs, and nothing is begun until it has ended`() async throws {
    let disk = disk(patience: .seconds(1))
    let hang = Hang()
    // All were begun before anybody knew.
    await withTaskGroup { group in
      for _ in 1...3 {
        group.addTask {
          await #expect(throws: JournalProblem.silent("journal.db")) {
            try await disk.perform { hang.wait() }
          }
        }
      }
    }
    #expect(disk.problem == .silent("journal.db"))
    let isBegun = Mutex(false)
    await #expect(throws: JournalProblem.silent("journal.db")) {
      try await disk.perform { isBegun.withLock { $0 = true } }
    }
    #expect(!isBegun.withLock { $0 })

    hang.end()
    #expect(try await eventually { disk.problem == nil })
    #expect(try await disk.perform { 7 } == 7)
    #expect(
      log.lines.map { $0.prefix { $0 != ";" && $0 != "[" } } == [
        "error break-glass journal does not answer", "notice break-glass journal answers again ",
      ])
  }
}

/// Keeps threads waiting until it has ended.
private final class Hang: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func wait() {
    semaphore.wait()
    semaphore.signal()
  }

  func end() {
    semaphore.signal()
  }
}
