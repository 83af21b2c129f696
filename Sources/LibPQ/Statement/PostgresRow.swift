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
    // Not by way of the next function: to look up what an optional of this type is costs as much as
    // the column.
    let stored = try nextType(for: Value.self)
    guard let bytes else { throw failure("is NULL") }
    return try read(bytes, as: stored)
  }

  /// Reads the next column, nil for NULL.
  ///
  /// - Throws: ``PostgresError``, kind `decoding`: another type, or no column left.
  package mutating func next<Value: PostgresValue>(
    _ type: Value?.Type
  ) throws(PostgresError) -> Value? {
    let stored = try nextType(for: Value.self)
    guard let bytes else { return nil }
    return try read(bytes, as: stored)
  }

  /// Leaves the columns that are left unread.
  package mutating func skipRest() {
    column = columnCount
  }

  /// Goes on to the next column, and says of what type it is, if a `Value` can be read from that.
  private mutating func nextType<Value: PostgresValue>(
    for _: Value.Type
  ) throws(PostgresError) -> PostgresType {
    guard column < columnCount else {
      throw PostgresError(
        .decoding, "column \(column + 1) is read, but the answer has \(columnCount)")
    }
    column += 1
    let stored = PostgresType(rawValue: PQftype(result, column - 1))
    guard Value.canRead(stored) else {
      throw failure("is \(stored), which can't be read as \(Value.self)")
    }
    return stored
  }

  private func read<Value: PostgresValue>(
    _ bytes: UnsafeRawBufferPointer, as stored: PostgresType
  ) throws(PostgresError) -> Value {
    do {
      return try Value.read(bytes, as: stored)
    } catch {
      throw failure(error.message)
    }
  }

  /// The value of the column that was gone on to; nil for NULL.
  private var bytes: UnsafeRawBufferPointer? {
    guard PQgetisnull(result, row, column - 1) == 0,
      let start = PQgetvalue(result, row, column - 1)
    else { return nil }
    return UnsafeRawBufferPointer(
      start: start, count: Int(PQgetlength(result, row, column - 1)))
  }

  /// What is wrong with the column that was gone on to.
  private func failure(_ problem: String) -> PostgresError {
    let name = PQfname(result, column - 1).map { String(cString: $0) } ?? "?"
    var error = PostgresError(.decoding, "column \(column) (\(name)) \(problem)")
    error.column = name
    return error
  }
}
