import CPostgreSQL

/// Takes from the notices that libpq hands over while it reads those that say what became of a session.
final class NoticeCollector {
  /// The server's last words, which libpq takes for a notice if nobody was asking at the time.
  private(set) var farewell: (sqlState: SQLState?, message: String)?
  /// Whether a COMMIT's wait for the synchronous standby was cut short: what was committed may yet be lost in
  /// a failover.
  var hasUnconfirmedCommit = false

  /// Has libpq call this collector, which must outlive the connection.
  func attach(to connection: OpaquePointer) {
    PQsetNoticeReceiver(
      connection,
      { argument, result in
        guard let argument else { return }
        Unmanaged<NoticeCollector>.fromOpaque(argument).takeUnretainedValue().add(result)
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private func add(_ result: OpaquePointer?) {
    // By who raised it: neither its code (01000) nor its words, which are in the server's language, are its own.
    if DiagnosticField.function.value(in: result) == "SyncRepWaitForLSN" {
      hasUnconfirmedCommit = true
    }
    // In English whatever the server's language.
    let severity = DiagnosticField.severity.value(in: result)
    guard severity == "FATAL" || severity == "PANIC" else { return }
    farewell = (
      DiagnosticField.sqlState.value(in: result).map(SQLState.init(rawValue:)),
      DiagnosticField.message.value(in: result)
        ?? PQresultErrorMessage(result).map { String(cString: $0).trimmed() } ?? ""
    )
  }
}
