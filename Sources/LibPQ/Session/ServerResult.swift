import CPostgreSQL

/// One of libpq's results, freed when it goes out of scope.
struct ServerResult: ~Copyable {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) {
    self.pointer = pointer
  }

  deinit {
    PQclear(pointer)
  }

  var status: ExecStatusType { PQresultStatus(pointer) }
  var rowCount: Int32 { PQntuples(pointer) }
  var columnCount: Int32 { PQnfields(pointer) }

  /// The server's error, if that is what the result is.
  func error(kind: PostgresError.Kind, statement: String?) -> PostgresError {
    let message = DiagnosticField.message.value(in: pointer)
    // Libpq's own errors, of a lost connection say, come as a text without fields.
    let text = message ?? PQresultErrorMessage(pointer).map { String(cString: $0) } ?? ""
    var error = PostgresError(kind, text.trimmed())
    error.sqlState = DiagnosticField.sqlState.value(in: pointer).map(SQLState.init(rawValue:))
    error.detail = DiagnosticField.detail.value(in: pointer)
    error.hint = DiagnosticField.hint.value(in: pointer)
    error.context = DiagnosticField.context.value(in: pointer)
    error.schema = DiagnosticField.schema.value(in: pointer)
    error.table = DiagnosticField.table.value(in: pointer)
    error.column = DiagnosticField.column.value(in: pointer)
    error.constraint = DiagnosticField.constraint.value(in: pointer)
    error.position = DiagnosticField.position.value(in: pointer).flatMap { Int($0) }
    let severity = DiagnosticField.severity.value(in: pointer)
    error.isFatal = severity == "FATAL" || severity == "PANIC"
    error.statement = statement
    return error
  }
}
