import LibPQ
import Testing

@Suite("Values")
struct ValueTests {
  private func expectSame<Value: PostgresValue & Equatable>(
    _ values: Value?..., sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let connection = try await TestServer.connect()
    for value in values {
      let rows = try await connection.run { try $0.execute(Echoed(value: value)) }
      #expect(rows == [value], sourceLocation: sourceLocation)
    }
    await connection.close()
  }

  @Test func `numbers come back as they went, extremes and NULL included`() async throws {
    try await expectSame(true, false, nil)
    try await expectSame(Int16.min, 0, .max, nil)
    try await expectSame(Int32.min, -1, .max, nil)
    try await expectSame(Int64.min, -1, 1 << 53, .max, nil)
    try await expectSame(UInt64.min, 1 << 40, UInt64(Int64.max), .max, nil)
  }

  @Test func `text comes back as it went`() async throws {
    try await expectSame(
      "", "plain", "naïve 🦜 e\u{301} 👩‍👩‍👧", "'; DROP TABLE x; --", "\\\"\n\t",
      String(repeating: "long 🦜", count: 50_000), nil)
  }

  @Test func `times come back as they went, infinities included`() async throws {
    try await expectSame(
      PostgresTimestamp(microsecondsSinceUnixEpoch: 0),
      PostgresTimestamp(microsecondsSinceUnixEpoch: -1),
      PostgresTimestamp(microsecondsSinceUnixEpoch: 1_767_225_600_123_456),
      .infinity, PostgresTimestamp(microsecondsSinceUnixEpoch: .min), nil)
    try await expectSame(
      PostgresInterval(), PostgresInterval(microseconds: -1, days: 2, months: -3),
      PostgresInterval(microseconds: .max, days: .max, months: .max), nil)
  }

  @Test func `the server understands a time as we mean it`() async throws {
    struct Times: PostgresStatement {
      static let sql = "SELECT $1::text, $2::text"
      static let parameterTypes: [PostgresType] = [.timestamptz, .interval]
      func bind(_ parameters: inout PostgresParameters) {
        parameters.append(PostgresTimestamp(microsecondsSinceUnixEpoch: 1_767_225_600_000_001))
        parameters.append(PostgresInterval(microseconds: 3_600_000_000, days: 1, months: 2))
      }
      static func decode(_ row: inout PostgresRow) throws -> [String] {
        [try row.next(String.self), try row.next(String.self)]
      }
    }
    let connection = try await TestServer.connect()
    let texts = try await connection.run { try $0.execute(Times()) }
    #expect(texts == [["2026-01-01 00:00:00.000001+00", "2 mons 1 day 01:00:00"]])
  }

  @Test func `arrays come back as they went: empty, large, with NULLs`() async throws {
    try await expectSame([Int64](), [1], Array(-300...300), nil)
    try await expectSame([Int64?](), [nil], [1, nil, .max], nil)
    try await expectSame([Int16.min, 2], [Int16]())
    try await expectSame([Int32.min, 2])
    try await expectSame([true, false])
    try await expectSame([UInt64.max, 0])
    try await expectSame(["", "🦜", "a,b", "{}", "NULL"], [String]())
    try await expectSame((0..<100_000).map { "entry \($0)" })
    try await expectSame(["a", nil, ""], [nil, nil])
    try await expectSame([PostgresTimestamp.infinity, .init(microsecondsSinceUnixEpoch: 5)])
    try await expectSame([PostgresInterval(months: 1), nil])
    try await expectSame(
      [PostgresRowLocation(block: 0, line: 1), .init(block: .max - 1, line: .max)])
  }

  @Test func `JSON is text, as json and as jsonb`() async throws {
    struct JSON: PostgresStatement {
      static let sql = "SELECT $1, $2, $3"
      static let parameterTypes: [PostgresType] = [.json, .jsonb, .jsonArray]
      func bind(_ parameters: inout PostgresParameters) {
        parameters.append(#"{"a": "🦜"}"#)
        parameters.append(#"{"a":1}"#)
        parameters.append(["1", nil, "[2]"] as [String?])
      }
      static func decode(_ row: inout PostgresRow) throws -> [String?] {
        let values = [try row.next(String.self), try row.next(String?.self)]
        return values + (try row.next([String?].self))
      }
    }
    let connection = try await TestServer.connect()
    let rows = try await connection.run { try $0.execute(JSON()) }
    #expect(rows == [[#"{"a": "🦜"}"#, #"{"a": 1}"#, "1", nil, "[2]"]])
  }

  @Test func `a column of another type is an error that names both`() async throws {
    struct Wrong: PostgresStatement {
      static let name: String? = "wrong"
      static let sql = "SELECT 'text' AS label"
      static func decode(_ row: inout PostgresRow) throws -> Int64 { try row.next(Int64.self) }
    }
    let connection = try await TestServer.connect()
    let error = await postgresError { try await connection.run { try $0.execute(Wrong()) } }
    #expect(error?.kind == .decoding)
    #expect(error?.statement == "wrong")
    #expect(error?.message == "column 1 (label) is text, which can't be read as Int64")
    #expect(try await connection.run { try $0.query("SELECT 1") }.rows == [["1"]])
  }

  @Test(arguments: ["NULL::int8", "1::int8, 2"])
  func `NULL, a missing column and one too many are errors`(columns: String) async throws {
    struct One: PostgresStatement {
      static let sql = "SELECT NULL::int8"
      static func decode(_ row: inout PostgresRow) throws -> Int64 { try row.next(Int64.self) }
    }
    struct TooFew: PostgresStatement {
      static let sql = "SELECT 1::int8, 2::int8"
      static func decode(_ row: inout PostgresRow) throws -> Int64 { try row.next(Int64.self) }
    }
    let connection = try await TestServer.connect()
    let error = await postgresError {
      try await connection.run { session in
        columns.hasPrefix("NULL") ? try session.execute(One()) : try session.execute(TooFew())
      }
    }
    #expect(error?.kind == .decoding)
  }

  @Test func `a value that isn't the declared type is refused before anything is sent`()
    async throws
  {
    struct Wrong: PostgresStatement {
      static let name: String? = "wrong_binding"
      static let sql = "SELECT $1"
      static let parameterTypes: [PostgresType] = [.int8]
      func bind(_ parameters: inout PostgresParameters) { parameters.append("1") }
      static func decode(_ row: inout PostgresRow) throws {}
    }
    let connection = try await TestServer.connect()
    let error = await postgresError { try await connection.run { try $0.execute(Wrong()) } }
    #expect(error?.kind == .misuse)
    #expect(error?.message == "parameter $1 is int8, which no String is written as")
    #expect(connection.isUsable)
  }
}
