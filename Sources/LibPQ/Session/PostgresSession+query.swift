import CPostgreSQL

/// The answer to a query that nobody described beforehand, as text.
package struct PostgresTable: Sendable, Hashable {
  /// The columns' names.
  package let columns: [String]
  /// The values as PostgreSQL prints them, nil for NULL.
  package let rows: [[String?]]
}

extension PostgresSession {
  /// Runs one statement of any kind, and gives its rows as text: for administration and tests.
  ///
  /// - Parameters:
  ///   - sql: One statement. Values belong into `parameters`, as `$1`, `$2`…
  ///   - parameters: A `String` takes whatever type the server finds for its place; every other value
  ///     has its own type.
  /// - Throws: ``PostgresError``.
  @discardableResult
  package func query(
    _ sql: String, _ parameters: (any PostgresValue)?...
  ) throws -> PostgresTable {
    let bound = parameters.map(UntypedParameter.init)
    return try wire.roundTrip {
      let sent = withExtendedLifetime(bound) {
        PQsendQueryParams(
          wire.connection, sql, Int32(bound.count), bound.map(\.type),
          bound.map { UnsafePointer($0.bytes) }, bound.map(\.length), bound.map(\.format), 0)
      }
      guard sent == 1 else { throw wire.failure(statement: nil) }
      var table = PostgresTable(columns: [], rows: [])
      try finish { table = PostgresTable($0) }
      return table
    }
  }
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

/// A parameter on its way to libpq, which wants an address that stays.
private final class UntypedParameter {
  let type: UInt32
  let bytes: UnsafeMutablePointer<CChar>?
  let length: Int32
  /// 0 for text, 1 for binary.
  let format: Int32

  init(_ value: (any PostgresValue)?) {
    var buffer = PostgresBuffer(capacity: 64)
    let text = value as? String
    if let value { value.write(as: Swift.type(of: value).postgresType, into: &buffer) }
    let count = buffer.count
    buffer.append(0 as UInt8)  // a text ends with NUL
    format = text == nil ? 1 : 0
    // Without a type the server chooses, and reads the text as that.
    type = text != nil || value == nil ? 0 : value.map { Swift.type(of: $0).postgresType.rawValue } ?? 0
    length = Int32(clamping: count)
    guard value != nil else {
      bytes = nil
      return
    }
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: count + 1)
    UnsafeMutableRawPointer(copy).copyMemory(from: buffer.base, byteCount: count + 1)
    bytes = copy
  }

  deinit {
    bytes?.deallocate()
  }
}
