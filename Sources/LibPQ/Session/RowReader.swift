import CPostgreSQL

/// Reads the rows of a result.
struct RowReader: ~Copyable {
  private let result: ServerResult

  init(_ result: consuming ServerResult) {
    self.result = result
  }

  /// Reads all the rows.
  ///
  /// - Throws: ``PostgresError``, kind `decoding`.
  func readAll<Statement: PostgresStatement>(
    _: Statement.Type, statement: String?
  ) throws -> [Statement.Row] {
    let count = result.rowCount
    var rows: [Statement.Row] = []
    rows.reserveCapacity(Int(count))
    for index in 0..<count {
      rows.append(try read(Statement.self, index: index, statement: statement))
    }
    return rows
  }

  /// Reads a row.
  func read<Statement: PostgresStatement>(
    _: Statement.Type, index: Int32, statement: String?
  ) throws -> Statement.Row {
    var row = PostgresRow(result: result.pointer, row: index, columnCount: result.columnCount)
    do {
      let decoded = try Statement.decode(&row)
      // A column too many is a statement and a reader that have drifted apart.
      if Statement.Row.self != Void.self, row.column != row.columnCount {
        throw PostgresError(
          .decoding, "\(row.column) columns are read, but the answer has \(row.columnCount)")
      }
      return decoded
    } catch var error as PostgresError {
      error.statement = statement ?? "\(Statement.self)"
      throw error
    }
  }
}
