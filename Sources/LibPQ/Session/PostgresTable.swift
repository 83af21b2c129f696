import CPostgreSQL

/// The answer to a query that nobody described beforehand, as text.
package struct PostgresTable: Sendable, Hashable {
  /// The columns' names.
  package let columns: [String]
  /// The values as PostgreSQL prints them, nil for NULL.
  package let rows: [[String?]]
}

extension PostgresTable {
  init(_ result: borrowing ServerResult) {
    let pointer = result.pointer
    columns = (0..<result.columnCount).map { column in
      PQfname(pointer, column).map { String(cString: $0) } ?? ""
    }
    rows = (0..<result.rowCount).map { row in
      (0..<result.columnCount).map { column in
        PQgetisnull(pointer, row, column) == 1
          ? nil : PQgetvalue(pointer, row, column).map { String(cString: $0) }
      }
    }
  }
}
