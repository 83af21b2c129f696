import CPostgreSQL

/// One row of an answer, read column by column, in order.
///
/// It looks into libpq's own memory, and lives no longer than the call that gets it.
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
  package mutating func next<Value: PostgresValue>(
    _ type: Value.Type
  ) throws(PostgresError) -> Value {
    guard let value = try next(Value?.self) else {
      throw failure("is NULL", column: column - 1)
    }
    return value
  }

  /// Reads the next column, nil for NULL.
  ///
  /// - Throws: ``PostgresError``, kind `decoding`: another type, or no column left.
  package mutating func next<Value: PostgresValue>(
    _ type: Value?.Type
  ) throws(PostgresError) -> Value? {
    let column = column
    guard column < columnCount else {
      throw PostgresError(
        .decoding, "column \(column + 1) is read, but the answer has \(columnCount)")
    }
    self.column += 1
    let stored = PostgresType(rawValue: PQftype(result, column))
    guard Value.canRead(stored) else {
      throw failure("is \(stored), which can't be read as \(Value.self)", column: column)
    }
    guard PQgetisnull(result, row, column) == 0, let bytes = PQgetvalue(result, row, column) else {
      return nil
    }
    let length = Int(PQgetlength(result, row, column))
    do {
      return try Value.read(UnsafeRawBufferPointer(start: bytes, count: length), as: stored)
    } catch {
      throw failure(error.message, column: column)
    }
  }

  /// Leaves the next column unread.
  package mutating func skip() {
    column += 1
  }

  private func failure(_ problem: String, column: Int32) -> PostgresError {
    let name = PQfname(result, column).map { String(cString: $0) } ?? "?"
    var error = PostgresError(.decoding, "column \(column + 1) (\(name)) \(problem)")
    error.column = name
    return error
  }
}
