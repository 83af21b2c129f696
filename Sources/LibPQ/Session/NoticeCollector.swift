import CPostgreSQL

/// Keeps the notices that libpq hands over while it reads, the newest ones only.
final class NoticeCollector {
  private static let limit = 100
  private var notices: [PostgresNotice] = []
  /// The server's last words, which libpq takes for a notice if nobody was asking at the time.
  private(set) var farewell: PostgresNotice?

  /// Has libpq call this collector, which must outlive the connection.
  func attach(to connection: OpaquePointer) {
    PQsetNoticeReceiver(
      connection,
      { argument, result in
        guard let argument else { return }
        Unmanaged<NoticeCollector>.fromOpaque(argument).takeUnretainedValue().add(result)
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// The notices since the last call.
  func take() -> [PostgresNotice] {
    defer { notices.removeAll() }
    return notices
  }

  private func add(_ result: OpaquePointer?) {
    let notice = PostgresNotice(
      severity: DiagnosticField.severity.value(in: result) ?? "NOTICE",
      sqlState: DiagnosticField.sqlState.value(in: result).map(SQLState.init(rawValue:)),
      message: DiagnosticField.message.value(in: result)
        ?? PQresultErrorMessage(result).map { String(cString: $0).trimmed() } ?? "",
      isOfUnconfirmedCommit: DiagnosticField.function.value(in: result) == "SyncRepWaitForLSN")
    if notice.severity == "FATAL" || notice.severity == "PANIC" { farewell = notice }
    if notices.count == Self.limit { notices.removeFirst() }
    notices.append(notice)
  }
}
