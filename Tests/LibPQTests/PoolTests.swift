import Dispatch
import Glibc
import LibPQ
import Synchronization
import Testing
import TrustBudgetTesting

/// Counts how many are inside at a time.
private final class Meter: Sendable {
  private let counts = Mutex((now: 0, most: 0))

  var most: Int { counts.withLock { $0.most } }

  func enter() {
    counts.withLock {
      $0.now += 1
      $0.most = max($0.most, $0.now)
    }
  }

  func leave() {
    counts.withLock { $0.now -= 1 }
  }
}

@Suite("Pool")
struct PoolTests {
  private func pool(_ limit: Int) async throws -> PostgresPool {
    try await PostgresPool(
      PostgresConfiguration(TestServer.connectionString()), maximumConnections: limit)
  }

  @Test func `no more connections than the limit are lent at a time, and everybody gets a turn`()
    async throws
  {
    let pool = try await pool(3)
    let meter = Meter()
    let processes = try await withThrowingTaskGroup(of: Int32.self) { group in
      for _ in 0..<40 {
        group.addTask {
          try await pool.withConnection { connection in
            meter.enter()
            defer { meter.leave() }
            return try await connection.run { session in
              try session.query("SELECT pg_sleep(0.005)")
              return session.backendProcessIdentifier
            }
          }
        }
      }
      return try await group.reduce(into: Set<Int32>()) { $0.insert($1) }
    }
    #expect(meter.most == 3)
    #expect(processes.count == 3)
    await pool.close()
  }

  @Test func `waiting too long is an error that says why, and costs nobody a turn`() async throws {
    let pool = try await pool(1)
    try await pool.withConnection { _ in
      let error = await postgresError {
        try await pool.withConnection(deadline: .now + .milliseconds(50)) { _ in }
      }
      #expect(error?.kind == .poolExhausted)
      #expect(error?.message == "all 1 connections are in use, and none came free in time")

      let waiting = Task { try await pool.withConnection { _ in } }
      waiting.cancel()
      let cancelled = await postgresError { try await waiting.value }
      #expect(cancelled?.kind == .cancelled)
    }
    try await pool.withConnection { _ in }
    await pool.close()
  }

  @Test func `a connection that the server closed while idle is replaced`() async throws {
    let pool = try await pool(1)
    let observer = try await TestServer.connect()
    let process = try await pool.withConnection { await $0.backendProcess() }
    _ = try await observer.run { try $0.query("SELECT pg_terminate_backend(\(process))") }
    #expect(try await eventually { try await !observer.exists(process) })
    let table = try await pool.withConnection { connection in
      try await connection.run { try $0.query("SELECT 1") }
    }
    #expect(table.rows == [["1"]])
    await pool.close()
  }

  @Test
  func
    `when one connection is lost without a word, the idle ones are not waited for in vain as well`()
    async throws
  {
    var configuration = try await PostgresConfiguration(TestServer.connectionString())
    configuration.responseTimeout = .seconds(1)
    let pool = PostgresPool(configuration, maximumConnections: 3)
    let processes = try await pool.withConnection { first in
      try await pool.withConnection { second in
        try await pool.withConnection { third in
          [
            await first.backendProcess(), await second.backendProcess(),
            await third.backendProcess(),
          ]
        }
      }
    }
    for process in processes { kill(process, SIGSTOP) }
    defer { for process in processes { kill(process, SIGCONT) } }
    let error = await postgresError {
      try await pool.withConnection { try await $0.run { try $0.query("SELECT 1") } }
    }
    #expect(error?.kind == .timeout)
    let table = try await pool.withConnection { connection in
      try await connection.run { try $0.query("SELECT 1") }
    }
    #expect(table.rows == [["1"]])
    await pool.close()
  }

  @Test func `nor is one lent that was being looked at when another was lost`() async throws {
    let pool = try await pool(2)
    let gate = DispatchSemaphore(value: 0)
    let (process, next) = try await pool.withConnection { lost in
      let idle = try await pool.withConnection { $0 }
      let process = await idle.backendProcess()
      // Until the gate opens nobody can look at it.
      let meter = Meter()
      Task {
        try await idle.run { _ in
          meter.enter()
          gate.wait()
        }
      }
      #expect(try await eventually { meter.most == 1 })
      let next = Task { try await pool.withConnection { await $0.backendProcess() } }
      #expect(try await eventually { pool.lentConnections == 2 })
      await lost.close()
      return (process, next)
    }
    gate.signal()
    #expect(try await next.value != process)
    await pool.close()
  }

  @Test func `a transaction that was left open is rolled back`() async throws {
    let pool = try await pool(1)
    try await pool.withConnection { connection in
      try await connection.run { try $0.executeScript("BEGIN") }
    }
    let status = try await pool.withConnection { connection in
      try await connection.run { $0.transactionStatus }
    }
    #expect(status == .idle)
    await pool.close()
    let error = await postgresError { try await pool.withConnection { _ in } }
    #expect(error?.kind == .misuse)
  }
}

extension PostgresPool {
  /// Lends a connection to those who do not care how long they wait for it.
  fileprivate func withConnection<Result: Sendable>(
    _ body: @Sendable (PostgresConnection) async throws -> Result
  ) async throws -> Result {
    try await withConnection(deadline: .now + .seconds(10), body)
  }
}
