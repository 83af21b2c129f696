import LibPQ
import Testing
import TrustBudgetTesting

@Suite("Cancellation")
struct CancellationTests {
  @Test func `a cancelled task ends its statement, and the connection is as new`() async throws {
    let connection = try await TestServer.connect()
    let observer = try await TestServer.connect()
    let process = await connection.backendProcess()
    for _ in 1...3 {
      let task = Task {
        try await connection.run { session in
          try session.executeScript("BEGIN")
          return try session.query("SELECT pg_sleep(60)")
        }
      }
      #expect(try await eventually { try await observer.isSleeping(process) })
      task.cancel()
      let error = await postgresError { try await task.value }
      #expect(error?.kind == .cancelled)
      #expect(error?.sqlState == .queryCanceled)
      #expect(error?.isConnectionLost == false)
      let (status, table) = try await connection.run {
        ($0.transactionStatus, try $0.query("SELECT 1"))
      }
      #expect(status == .idle)
      #expect(table.rows == [["1"]])
    }
  }

  @Test func `a statement that must not be cancelled goes on`() async throws {
    let connection = try await TestServer.connect()
    let observer = try await TestServer.connect()
    let process = await connection.backendProcess()
    let task = Task {
      try await connection.run(onTaskCancellation: .ignore) {
        try $0.query("SELECT 1 FROM pg_sleep(0.5)")
      }
    }
    #expect(try await eventually { try await observer.isSleeping(process) })
    task.cancel()
    #expect(try await task.value.rows == [["1"]])
  }

  @Test func `a cancelled task sends nothing at all`() async throws {
    let connection = try await TestServer.connect()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await connection.run { try $0.query("SELECT 1") }
    }
    let error = await postgresError { try await task.value }
    #expect(error?.kind == .cancelled)
    #expect(connection.isUsable)
  }

  @Test func `a late cancellation never hits the next statement`() async throws {
    let connection = try await TestServer.connect()
    for round in 0..<200 {
      let task = Task { try await connection.run { try $0.query("SELECT pg_sleep(0.0005)") } }
      if round.isMultiple(of: 2) { await Task.yield() }
      task.cancel()
      _ = try? await task.value
      #expect(try await connection.run { try $0.query("SELECT 1") }.rows == [["1"]])
    }
    #expect(connection.isUsable)
  }
}

extension PostgresConnection {
  fileprivate func isSleeping(_ process: Int32) async throws -> Bool {
    try await run { session in
      try session.query(
        "SELECT 1 FROM pg_stat_activity WHERE pid = \(process) AND wait_event = 'PgSleep'")
    }.rows.count == 1
  }
}
