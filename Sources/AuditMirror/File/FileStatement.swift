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
  private static let borrowed: sqlite3_destructor_type? = nil

  private let statement: OpaquePointer
  private let connection: OpaquePointer?
  private var parameter: Int32 = 0
  private var column: Int32 = 0
  // Texts and bytes wait here for the statement to run: SQLite would allocate a copy of each.
  private var waiting: [(parameter: Int32, range: Range<Int>, isText: Bool)] = []
  // Begins with a byte that is nobody's: an empty value without an address would be NULL.
  private var memory: [UInt8] = [0]

  init(_ db: Database, _ sql: String) throws {
    statement = try db.cachedStatement(sql: sql).sqliteStatement
    connection = db.sqliteConnection
    reset()
  }

  mutating func reset() {
    sqlite3_reset(statement)
    parameter = 0
    column = 0
    waiting.removeAll(keepingCapacity: true)
    memory.removeSubrange(1...)
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
    text.withUTF8 { wait(for: UnsafeRawBufferPointer($0), isText: true) }
  }

  /// A list is text, as JSON.
  mutating func put(_ list: [String]) { put(JSONObjectText.list(list)) }

  mutating func put(_ digest: Digest?) {
    parameter += 1
    guard let digest else {
      sqlite3_bind_null(statement, parameter)
      return
    }
    digest.withUnsafeBytes { wait(for: $0, isText: false) }
  }

  mutating func put(_ bytes: [UInt8]) {
    parameter += 1
    bytes.withUnsafeBytes { wait(for: $0, isText: false) }
  }

  private mutating func wait(for value: UnsafeRawBufferPointer, isText: Bool) {
    let start = memory.count
    memory.append(contentsOf: value)
    waiting.append((parameter, start..<memory.count, isText))
  }

  /// Binds what waits.
  ///
  /// - Parameter lifetime: `borrowed` where the statement has run before `memory` goes.
  private func bind(from memory: UnsafeRawBufferPointer, _ lifetime: sqlite3_destructor_type?) {
    for (parameter, range, isText) in waiting {
      let value = UnsafeRawBufferPointer(rebasing: memory[range])
      if isText {
        sqlite3_bind_text(
          statement, parameter, value.baseAddress?.assumingMemoryBound(to: CChar.self),
          Int32(value.count), lifetime)
      } else {
        sqlite3_bind_blob(
          statement, parameter, value.baseAddress, Int32(value.count), lifetime)
      }
    }
  }

  /// Runs a statement that gives no rows, and makes it ready for the next values.
  mutating func run() throws {
    let code = memory.withUnsafeBytes { memory in
      bind(from: memory, FileStatement.borrowed)
      return sqlite3_step(statement)
    }
    reset()
    // Nothing that is bound outlives what it is bound to.
    sqlite3_clear_bindings(statement)
    guard code == SQLITE_DONE else { throw failure(code) }
  }

  // MARK: - Values out

  /// Whether there is another row.
  mutating func step() throws -> Bool {
    column = 0
    if !waiting.isEmpty {
      memory.withUnsafeBytes { bind(from: $0, FileStatement.copied) }
      waiting.removeAll(keepingCapacity: true)
    }
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

  /// What the first row holds, nil where there is none; then it is ready for the next values.
  mutating func first<R>(_ read: (inout FileStatement) throws -> R) throws -> R? {
    defer { reset() }
    return try step() ? read(&self) : nil
  }

  /// Goes on with a column further left or right.
  mutating func seek(_ column: Int) { self.column = Int32(column) }

  /// - Throws: `InvalidValue` for anything but an integer: who changes a file may put anything there.
  mutating func number() throws(InvalidValue) -> Int64 {
    try expect(SQLITE_INTEGER, "an integer")
    return sqlite3_column_int64(statement, next())
  }

  /// No file has so many of anything that sums of a few would overflow.
  static let counts: Range<Int64> = 0..<1 << 60

  /// A number of things, or a place among them.
  mutating func count() throws(InvalidValue) -> Int64 {
    let count = try number()
    guard FileStatement.counts.contains(count) else {
      throw InvalidValue("must be a count or a place (\(name(column - 1))); this is \(count)")
    }
    return count
  }

  mutating func optionalNumber() throws(InvalidValue) -> Int64? {
    try isNull() ? nil : number()
  }

  /// - Throws: `InvalidValue`, also for a text that is not UTF-8.
  mutating func text() throws(InvalidValue) -> String {
    try expect(SQLITE_TEXT, "a text")
    let index = next()
    let start = sqlite3_column_text(statement, index)
    let bytes = UnsafeBufferPointer(
      start: start, count: Int(sqlite3_column_bytes(statement, index)))
    guard let text = String(utf8: bytes.span) else {
      throw InvalidValue("must be UTF-8 (\(name(index)))")
    }
    return text
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
      throw InvalidValue("must be \(what) (\(name(column)))")
    }
  }

  private func name(_ column: Int32) -> String {
    sqlite3_column_name(statement, column).map { String(cString: $0) } ?? ""
  }

  private func failure(_ code: Int32) -> DatabaseError {
    DatabaseError(
      resultCode: ResultCode(rawValue: code),
      message: connection.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) })
  }
}
