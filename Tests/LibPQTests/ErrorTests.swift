import LibPQ
import Testing
import TrustBudgetTesting

@Suite("Errors")
struct ErrorTests {
  @Test func `the server's error keeps everything that it says`() async throws {
    let connection = try await TestServer.connect()
    let error = await postgresError {
      try await connection.run { session in
        try session.executeScript(
          "CREATE TEMP TABLE people (id int CONSTRAINT people_id_key UNIQUE)")
        try session.executeScript("INSERT INTO people VALUES (1), (1)")
      }
    }
    #expect(error?.kind == .server)
    #expect(error?.sqlState == .uniqueViolation)
    #expect(error?.constraint == "people_id_key")
    #expect(error?.table == "people")
    #expect(error?.detail == "Key (id)=(1) already exists.")
    #expect(error?.description.contains("SQLSTATE 23505") == true)
  }

  @Test func `a syntax error says where`() async throws {
    let connection = try await TestServer.connect()
    let error = await postgresError {
      try await connection.run { try $0.query("SELECT 1 FORM x y") }
    }
    #expect(error?.sqlState?.rawValue == "42601")
    #expect(error?.position == 15)
  }

  @Test func `a script stops at its first error, and a transaction left open is rolled back`()
    async throws
  {
    let connection = try await TestServer.connect()
    let error = await postgresError {
      try await connection.run { session in
        try session.executeScript("BEGIN; CREATE TABLE half (id int); SELECT 1/0; SELECT 2")
      }
    }
    #expect(error?.sqlState == SQLState(rawValue: "22012"))
    let (status, table) = try await connection.run { session in
      (session.transactionStatus, try session.query("SELECT to_regclass('half')"))
    }
    #expect(status == .idle)
    #expect(table.rows == [[nil]])
  }

  @Test func `a statement that takes too long ends by the server's clock`() async throws {
    let connection = try await TestServer.connect { $0.statementTimeout = .milliseconds(50) }
    let error = await postgresError {
      try await connection.run { try $0.query("SELECT pg_sleep(60)") }
    }
    #expect(error?.kind == .server)
    #expect(error?.sqlState == .queryCanceled)
    #expect(connection.isUsable)
  }

  @Test func `waiting for a lock too long ends by the server's clock`() async throws {
    let holder = try await TestServer.connect()
    let waiter = try await TestServer.connect { $0.lockTimeout = .milliseconds(50) }
    _ = try await holder.run { try $0.query("SELECT pg_advisory_lock(4711)") }
    let error = await postgresError {
      try await waiter.run { try $0.query("SELECT pg_advisory_lock(4711)") }
    }
    #expect(error?.sqlState == .lockNotAvailable)
    #expect(waiter.isUsable)
  }

  @Test func `a server that doesn't answer in time costs the connection`() async throws {
    let connection = try await TestServer.connect { $0.responseTimeout = .milliseconds(100) }
    let error = await postgresError {
      try await connection.run { try $0.query("SELECT pg_sleep(60)") }
    }
    #expect(error?.kind == .timeout)
    #expect(error?.isConnectionLost == true)
    #expect(!connection.isUsable)
  }

  @Test(arguments: [true, false])
  func `a session that is terminated in a statement says so`(whileBusy: Bool) async throws {
    let victim = try await TestServer.connect()
    let killer = try await TestServer.connect()
    let process = await victim.backendProcess()
    let terminate: @Sendable () async throws -> Void = {
      _ = try await killer.run { try $0.query("SELECT pg_terminate_backend(\(process))") }
    }
    let error: PostgresError?
    if whileBusy {
      async let failure = postgresError {
        try await victim.run { try $0.query("SELECT pg_sleep(60)") }
      }
      #expect(try await eventually { try await killer.isActive(process) })
      try await terminate()
      error = await failure
    } else {
      try await terminate()
      #expect(try await eventually { try await !killer.exists(process) })
      error = await postgresError { try await victim.run { try $0.query("SELECT 1") } }
    }
    #expect(error?.sqlState == .adminShutdown)
    #expect(error?.isConnectionLost == true)
    #expect(!victim.isUsable)
  }
}

extension PostgresConnection {
  func backendProcess() async -> Int32 {
    (try? await run { $0.backendProcessIdentifier }) ?? 0
  }

  /// Whether another session's server process is busy with a statement.
  func isActive(_ process: Int32) async throws -> Bool {
    try await run { session in
      try session.query(
        "SELECT 1 FROM pg_stat_activity WHERE pid = \(process) AND state = 'active'")
    }.rows.count == 1
  }

  /// Whether another session's server process exists.
  func exists(_ process: Int32) async throws -> Bool {
    try await run { try $0.query("SELECT 1 FROM pg_stat_activity WHERE pid = \(process)") }
      .rows.count == 1
  }
}
