import Foundation
import GRDB
import GRDBSQLite
import TrustBudget

/// A prepared statement, its values put and read one after another.
///
/// A million entries pass through here, where GRDB's boxed values would cost more than SQLite does.
/// It lives within one access to the database, as the statement that it borrows.
struct FileStatement {
  private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  private let statement: OpaquePointer
  private let connection: OpaquePointer?
  private var parameter: Int32 = 0
  private var column: Int32 = 0

  init(_ db: Database, _ sql: String) throws {
    statement = try db.cachedStatement(sql: sql).sqliteStatement
    connection = db.sqliteConnection
    reset()
  }

  mutating func reset() {
    sqlite3_reset(statement)
    parameter = 0
    column = 0
  }

  // MARK: - Values in

  mutating func put(_ number: Int64?) {
    parameter += 1
    if let number {
      sqlite3_bind_int64(statement, parameter, number)
    } else {
      sqlite3_bind_null(statement, parameter)
    }
  }

  mutating func put(_ text: String?) {
    parameter += 1
    guard var text else {
      sqlite3_bind_null(statement, parameter)
      return
    }
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        // An empty text has no address, and would be NULL without one.
        _ = sqlite3_bind_text(
          statement, parameter, characters.baseAddress ?? emptyText, Int32(characters.count),
          FileStatement.copied)
      }
    }
  }

  /// A list is text, as JSON.
  mutating func put(_ list: [String]) { put(JSONObjectText.list(list)) }

  mutating func put(_ digest: Digest?) {
    parameter += 1
    guard let digest else {
      sqlite3_bind_null(statement, parameter)
      return
    }
    digest.withUnsafeBytes(bind)
  }

  mutating func put(_ bytes: [UInt8]) {
    parameter += 1
    bytes.withUnsafeBytes(bind)
  }

  private func bind(_ bytes: UnsafeRawBufferPointer) {
    sqlite3_bind_blob(
      statement, parameter, bytes.baseAddress, Int32(bytes.count), FileStatement.copied)
  }

  /// Runs a statement that gives no rows, and makes it ready for the next values.
  mutating func run() throws {
    let code = sqlite3_step(statement)
    reset()
    guard code == SQLITE_DONE else { throw failure(code) }
  }

  // MARK: - Values out

  /// Whether there is another row.
  mutating func step() throws -> Bool {
    column = 0
    switch sqlite3_step(statement) {
    case SQLITE_ROW: return true
    case SQLITE_DONE:
      reset()
      return false
    case let code:
      reset()
      throw failure(code)
    }
  }

  /// Goes on with a column further left or right.
  mutating func seek(_ column: Int) { self.column = Int32(column) }

  /// - Throws: `InvalidValue` for anything but an integer: who changes a file may put anything there.
  mutating func number() throws(InvalidValue) -> Int64 {
    try expect(SQLITE_INTEGER, "an integer")
    return sqlite3_column_int64(statement, next())
  }

  mutating func optionalNumber() throws(InvalidValue) -> Int64? {
    try isNull() ? nil : number()
  }

  mutating func text() throws(InvalidValue) -> String {
    try expect(SQLITE_TEXT, "a text")
    let index = next()
    let start = sqlite3_column_text(statement, index)
    return String(
      decoding: UnsafeBufferPointer(
        start: start, count: Int(sqlite3_column_bytes(statement, index))),
      as: UTF8.self)
  }

  mutating func optionalText() throws(InvalidValue) -> String? {
    try isNull() ? nil : text()
  }

  mutating func list() throws(InvalidValue) -> [String] {
    let text = try text()
    guard let list = try? JSONDecoder().decode([String].self, from: Data(text.utf8)),
      JSONObjectText.list(list) == text
    else { throw InvalidValue("must be a list of texts as JSON; this is \(text)") }
    return list
  }

  mutating func moment() throws(InvalidValue) -> Timestamp {
    let text = try text()
    // The very form that the hash covers, and no other way of writing the same moment.
    guard let moment = Timestamp(text), moment.sortableText == text else {
      throw InvalidValue("must be a time such as 2026-01-02 03:04:05.678901; this is \(text)")
    }
    return moment
  }

  mutating func optionalMoment() throws(InvalidValue) -> Timestamp? {
    try isNull() ? nil : moment()
  }

  mutating func bytes() throws(InvalidValue) -> [UInt8] {
    try expect(SQLITE_BLOB, "bytes")
    return Array(blob())
  }

  mutating func digest() throws(InvalidValue) -> Digest {
    try expect(SQLITE_BLOB, "32 bytes")
    let bytes = blob()
    guard let digest = Digest(bytes) else {
      throw InvalidValue("must be 32 bytes; this has \(bytes.count)")
    }
    return digest
  }

  mutating func optionalDigest() throws(InvalidValue) -> Digest? {
    try isNull() ? nil : digest()
  }

  private mutating func blob() -> UnsafeRawBufferPointer {
    let index = next()
    return UnsafeRawBufferPointer(
      start: sqlite3_column_blob(statement, index),
      count: Int(sqlite3_column_bytes(statement, index)))
  }

  private mutating func next() -> Int32 {
    defer { column += 1 }
    return column
  }

  private mutating func isNull() -> Bool {
    guard sqlite3_column_type(statement, column) == SQLITE_NULL else { return false }
    column += 1
    return true
  }

  private func expect(_ type: Int32, _ what: String) throws(InvalidValue) {
    guard sqlite3_column_type(statement, column) == type else {
      let name = sqlite3_column_name(statement, column).map { String(cString: $0) } ?? ""
      throw InvalidValue("must be \(what) (\(name))")
    }
  }

  private func failure(_ code: Int32) -> DatabaseError {
    DatabaseError(
      resultCode: ResultCode(rawValue: code),
      message: connection.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) })
  }
}

/// One zero byte that stays where it is.
private nonisolated(unsafe) let emptyText: UnsafePointer<CChar> = {
  let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
  byte.initialize(to: 0)
  return UnsafePointer(byte)
}()
