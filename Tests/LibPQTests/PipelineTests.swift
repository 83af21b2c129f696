import LibPQ
import Synchronization
import Testing
import TrustBudgetTesting

private struct Begin: PostgresStatement {
  static let sql = "BEGIN"
  typealias Row = Void
}

private struct Commit: PostgresStatement {
  static let sql = "COMMIT"
  typealias Row = Void
}

private struct Divide: PostgresStatement {
  static let name: String? = "divide"
  static let sql = "SELECT $1 / $2"
  static let parameterTypes: [PostgresType] = [.int8, .int8]
  let dividend: Int64
  let divisor: Int64

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(dividend)
    parameters.append(divisor)
  }

  static func decode(_ row: inout PostgresRow) throws -> Int64 { try row.next(Int64.self) }
}

/// Prepared for the first time where a test makes it fail.
private struct Late: PostgresStatement {
  static let name: String? = "late"
  static let sql = "SELECT 'late'"
  static func decode(_ row: inout PostgresRow) throws -> String { try row.next(String.self) }
}

private struct Megabytes: PostgresStatement {
  static let name: String? = "megabytes"
  static let sql = "SELECT $1 || 'x'"
  static let parameterTypes: [PostgresType] = [.text]
  let text: String
  func bind(_ parameters: inout PostgresParameters) { parameters.append(text) }
  static func decode(_ row: inout PostgresRow) throws -> Int {
    try row.next(String.self).utf8.count
  }
}

private struct Series: PostgresStatement {
  static let name: String? = "series"
  static let sql = "SELECT generate_series(1, $1)"
  static let parameterTypes: [PostgresType] = [.int8]
  let count: Int64
  func bind(_ parameters: inout PostgresParameters) { parameters.append(count) }
  static func decode(_ row: inout PostgresRow) throws -> Int64 { try row.next(Int64.self) }
}

@Suite("Pipelines")
struct PipelineTests {
  @Test func `each statement gives its own rows, in order`() async throws {
    let connection = try await TestServer.connect()
    let (_, five, two, text, _) = try await connection.run { session in
      try session.pipeline(
        Begin(), Divide(dividend: 10, divisor: 2), Divide(dividend: 4, divisor: 2), Late(),
        Commit())
    }
    #expect(five == [5] && two == [2] && text == ["late"])
  }

  @Test func `of one row there is one, or an error that says how many there are`() async throws {
    let connection = try await TestServer.connect()
    let only = try await connection.run { try $0.executeOne(Series(count: 1)) }
    #expect(only == 1)
    for count in [0, 2] as [Int64] {
      let error = await postgresError {
        try await connection.run { try $0.executeOne(Series(count: count)) }
      }
      #expect(error?.kind == .decoding)
      #expect(error?.message == "the answer has \(count) rows, not one")
      #expect(error?.statement == "series")
    }
    #expect(connection.isUsable)
  }

  @Test func `an error in the middle is thrown with its statement, and the session goes on`()
    async throws
  {
    let connection = try await TestServer.connect()
    let status = try await connection.run { session in
      do {
        _ = try session.pipeline(Begin(), Divide(dividend: 1, divisor: 0), Late(), Commit())
        Issue.record("a division by zero went well")
      } catch let error as PostgresError {
        #expect(error.kind == .server)
        #expect(error.sqlState == SQLState(rawValue: "22012"))
        #expect(error.statement == "divide")
        #expect(!error.isConnectionLost)
      }
      let failed = session.transactionStatus
      try session.executeScript("ROLLBACK")
      return (failed, session.transactionStatus)
    }
    #expect(status == (.failed, .idle))
    // Late's preparation was skipped then: it has to happen now.
    #expect(try await connection.run { try $0.execute(Late()) } == ["late"])
    let one = try await connection.run { try $0.execute(Divide(dividend: 3, divisor: 3)) }
    #expect(one == [1])
  }

  @Test func `what can't be read doesn't put the session out of step`() async throws {
    struct Unreadable: PostgresStatement {
      static let name: String? = "unreadable"
      static let sql = "SELECT 1.5::float8"
      static func decode(_ row: inout PostgresRow) throws -> Int64 { try row.next(Int64.self) }
    }
    let connection = try await TestServer.connect()
    for _ in 1...2 {
      let error = await postgresError {
        try await connection.run { try $0.pipeline(Unreadable(), Late()) }
      }
      #expect(error?.kind == .decoding)
    }
    #expect(try await connection.run { try $0.execute(Late()) } == ["late"])
  }

  @Test func `a named statement is prepared once a session`() async throws {
    let connection = try await TestServer.connect()
    for number in 1...8 as ClosedRange<Int64> {
      let (first, second) = try await connection.run { session in
        try session.pipeline(
          Divide(dividend: number, divisor: 1), Divide(dividend: number * 2, divisor: 2))
      }
      #expect(first == [number] && second == [number])
    }
    let table = try await connection.run { session in
      try session.query(
        """
        SELECT name, (to_jsonb(s) ->> 'generic_plans')::int + (to_jsonb(s) ->> 'custom_plans')::int
        FROM pg_prepared_statements AS s
        """)
    }
    // PostgreSQL 13 does not count how often.
    #expect(table.rows == [["divide", "16"]] || table.rows == [["divide", nil]])
  }

  @Test func `a statement is prepared anew after DEALLOCATE`() async throws {
    let connection = try await TestServer.connect()
    _ = try await connection.run { try $0.execute(Late()) }
    try await connection.run { try $0.executeScript("DEALLOCATE ALL") }
    let error = await postgresError { try await connection.run { try $0.execute(Late()) } }
    #expect(error?.sqlState == .invalidStatementName)
    #expect(try await connection.run { try $0.execute(Late()) } == ["late"])
  }

  @Test func `many megabytes both ways at once don't stand still`() async throws {
    let connection = try await TestServer.connect { $0.responseTimeout = .seconds(60) }
    let text = String(repeating: "m", count: 6_000_000)
    let counts = try await connection.run { session in
      try session.pipeline(Megabytes(text: text), Megabytes(text: text), Megabytes(text: text))
    }
    #expect(counts == ([6_000_001], [6_000_001], [6_000_001]))
  }

  @Test
  func `a large answer is streamed row by row, and costs the session if it is left in the middle`()
    async throws
  {
    struct Enough: Error {}
    let connection = try await TestServer.connect()
    let sum = try await connection.run { session in
      var sum: Int64 = 0
      try session.stream(Series(count: 100_000)) { sum += $0 }
      return sum
    }
    #expect(sum == 5_000_050_000)
    await #expect(throws: Enough.self) {
      try await connection.run { session in
        try session.stream(Series(count: 1_000_000_000)) { if $0 == 1000 { throw Enough() } }
      }
    }
    #expect(!connection.isUsable)
  }

  @Test func `a streamed answer ends with its task`() async throws {
    let connection = try await TestServer.connect()
    let hasBegun = Atomic(false)
    let task = Task {
      try await connection.run { session in
        try session.stream(Series(count: .max)) { _ in hasBegun.store(true, ordering: .relaxed) }
      }
    }
    #expect(try await eventually { hasBegun.load(ordering: .relaxed) })
    task.cancel()
    let error = await postgresError { try await task.value }
    #expect(error?.kind == .cancelled)
  }
}
