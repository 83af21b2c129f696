import CPostgreSQL

/// Makes errors of libpq's words about a connection that wasn't made.
enum ConnectionFailure {
  static func timeout(_ options: ConnectionOptions) -> PostgresError {
    let host = options["hostaddr"] ?? options["host"] ?? "the server"
    let port = options["port"].map { ", port \($0)" } ?? ""
    return PostgresError(.connection, "connecting to \(host)\(port) timed out")
  }

  /// libpq has not come back in time from a call in which it waits for somebody else than the server.
  static func stuck(_ options: ConnectionOptions) -> PostgresError {
    var error = timeout(options)
    error.message += " while libpq itself waited"
    // A libpq without Kerberos has `disable` here.
    if let mode = options["gssencmode"], mode != "disable" {
      error.message += ", for a Kerberos server perhaps, which gssencmode=disable leaves alone"
    }
    return error
  }

  /// No name server has answered in time.
  static func unresolved(_ options: ConnectionOptions) -> PostgresError {
    PostgresError(
      .connection,
      "the address of \(options["host"] ?? "the server") could not be looked up in time; see this machine's "
        + "name servers")
  }

  /// libpq's message, without the lines that only its verbose form has, and the SQLSTATE from it.
  static func error(of connection: OpaquePointer, _ options: ConnectionOptions) -> PostgresError {
    let text = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
    var lines = text.split(separator: "\n").filter { !$0.hasPrefix("LOCATION:  ") }
    var sqlState: SQLState?
    // `… failed: FATAL:  28P01: password authentication failed …`
    for index in lines.indices {
      guard let match = lines[index].firstMatch(of: #/:  ([0-9A-Z]{5}): /#) else { continue }
      sqlState = SQLState(rawValue: String(match.1))
      lines[index].replaceSubrange(match.range, with: ":  ")
    }
    if sqlState == nil, PQconnectionNeedsPassword(connection) == 1 { sqlState = .invalidPassword }
    let message = lines.joined(separator: "\n").trimmed()
    // A password that is the user's name as well would only garble the message.
    let shown = [options["user"], options["dbname"], options["host"]]
    let isPublic = shown.contains(options["password"])
    return PostgresError(
      .connection, sqlState: sqlState,
      isPublic ? message : message.redacting(options["password"]))
  }
}
