import CPostgreSQL

/// One row of an answer, read column by column, in order.
///
/// It looks into libpq's own memory, and lives no longer than the call that gets it.
///
/// What reads a column is compiled into the statement that reads it, for its type: millions of
/// entries come through here, of seventeen columns each.
package struct PostgresRow: ~Copyable {
  private let result: OpaquePointer
  private let row: Int32
  let columnCount: Int32
  private(set) var column: Int32 = 0

  init(result: OpaquePointer, row: Int32, columnCount: Int32) {
    self.result = result
    self.row = row
    self.columnCount = columnCount
  }

  /// Reads the next column.
  ///
  /// - Throws: ``PostgresError``, kind `decoding`: NULL, another type, or no column left.
  @inlinable
  package mutating func next<Value: PostgresValue>(
    _ type: Value.Type
  ) throws(PostgresError) -> Value {
    guard let value = try next(Value?.self) else { throw failure("is NULL") }
    return value
  }

  /// Reads the next column, nil for NULL.
  ///
  /// - Throws: ``PostgresError``, kind `decoding`: another type, or no column left.
  @inlinable
  package mutating func next<Value: PostgresValue>(
    _ type: Value?.Type
  ) throws(PostgresError) -> Value? {
    let stored = try nextType()
    guard Value.canRead(stored) else {
      throw failure("is \(stored), which can't be read as \(Value.self)")
    }
    guard let bytes else { return nil }
    do {
      return try Value.read(bytes, as: stored)
    } catch {
      throw failure(error.message)
    }
  }

  /// Leaves the next column unread.
  package mutating func skip() {
    column += 1
  }

  /// Goes on to the next column, and says of what type it is.
  @usableFromInline
  mutating func nextType() throws(PostgresError) -> PostgresType {
    guard column < columnCount else {
      throw PostgresError(
        .decoding, "column \(column + 1) is read, but the answer has \(columnCount)")
    }
    column += 1
    return PostgresType(rawValue: PQftype(result, column - 1))
  }

  /// The value of the column that was gone on to; nil for NULL.
  @usableFromInline
  var bytes: UnsafeRawBufferPointer? {
    guard PQgetisnull(result, row, column - 1) == 0,
      let start = PQgetvalue(result, row, column - 1)
    else { return nil }
    return UnsafeRawBufferPointer(
      start: start, count: Int(PQgetlength(result, row, column - 1)))
  }

  /// What is wrong with the column that was gone on to.
  @usableFromInline
  func failure(_ problem: String) -> PostgresError {
    let name = PQfname(result, column - 1).map { String(cString: $0) } ?? "?"
    var error = PostgresError(.decoding, "column \(column) (\(name)) \(problem)")
    error.column = name
    return error
  }
}
